"""The proof: every project that is asked for is rendered and checked, on all cores, each content once."""

import multiprocessing
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from types import ModuleType
from typing import Any

import yaml
from jinja2 import UndefinedError

from ferrata.planning import Combination
from ferrata.template import load_module
from tests.matrix import contents
from tests.matrix.projects import Catalog, Facts, Offence
from tests.matrix.python_files import PythonFiles
from tests.matrix.renderer import Rendered, Renderer

# Names of answers that texts of other template languages may well have too.
ORDINARY = frozenset({"level", "context", "domain", "function", "problem", "license", "chosen"})
# The files that record what was asked for, in the words of the answers.
RECORDS = frozenset(
    {".copier-answers.yml", ".ferrata/answers.sha256", "artifacts/requirements/intake.md"}
)
# How many projects of a process the yardstick renders.
YARDSTICK_ROUNDS = 5
# Fewer projects than these are quicker in one process.
WORTH_A_PROCESS = 32
SHOWN = 40

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One project of the proof: an answer set, and the example whose other answers it has."""

    one: Combination
    base: Mapping[str, Any]
    example: str = ""

    @property
    def name(self) -> str:
        """`level-2-redis:telemedicine`; without the example where there is only one."""
        return f"{self.one.name}:{self.example}" if self.example else self.one.name

    @property
    def answers(self) -> dict[str, Any]:
        """All answers."""
        return {**self.base, **self.one.answers}

    def same(self, rules: ModuleType) -> Hashable:
        """What is equal for jobs that must give the same project."""
        return self.example, self.one.level, tuple(rules.layers(self.one.answers))


@dataclass
class Proof:
    """What was rendered and checked, and what is wrong."""

    projects: int = 0
    files: int = 0
    checked: int = 0
    python: int = 0
    # Seconds of rendering once templates are compiled: here, and by bare Jinja2 (the yardstick).
    rendered: int = 0
    rendering: float = 0
    compared: int = 0
    yardstick: float = 0
    # Seconds of the processors, whatever else they do meanwhile: for rendering and checking all
    # projects but the first of each process, and for everything, in that many processes.
    pace: float = 0
    spent: float = 0
    processes: int = 0
    seconds: float = 0
    offences: list[Offence] = field(default_factory=list)

    def add(self, other: "Proof") -> None:
        """Take in what another process did."""
        self.projects += other.projects
        self.files += other.files
        self.checked += other.checked
        self.python += other.python
        self.rendered += other.rendered
        self.rendering += other.rendering
        self.pace += other.pace
        self.spent += other.spent
        self.processes += other.processes
        self.compared += other.compared
        self.yardstick += other.yardstick
        self.offences += other.offences

    def estimated(self, projects: int, processes: int) -> float | None:
        """Seconds that so many projects would take on idle cores, one for each process.

        None where too few projects were rendered to tell.
        """
        if self.rendered < WORTH_A_PROCESS:
            return None
        fixed = (self.spent - self.pace) / self.processes
        return fixed + projects / processes * self.pace / self.rendered

    @property
    def ratio(self) -> float | None:
        """A project's rendering to that of the yardstick; None where nothing was rendered warm."""
        if not (self.rendered and self.compared):
            return None
        return (self.rendering / self.rendered) / (self.yardstick / self.compared)

    def told(self) -> list[str]:
        """Every offence once, with the first answers that show it and how many more do."""
        first: dict[tuple[str, str], list[str]] = {}
        for offence in self.offences:
            first.setdefault((offence.path, offence.what), []).append(offence.combination)
        lines = [
            f"{names[0]}: {path}: {what}"
            + (f" (and with {len(set(names)) - 1} more projects)" if len(set(names)) > 1 else "")
            for (path, what), names in first.items()
        ]
        more = [f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        return [*lines[:SHOWN], *more]


class Prover:
    """Renders projects and checks what comes out; what was checked once is remembered."""

    def __init__(self, tree: Path, folder: Path) -> None:
        """Prove the template at `tree`; `folder` is for Python files."""
        self.renderer = Renderer(tree)
        self.catalog = Catalog(self.renderer.rules)
        self.python = PythonFiles(folder)
        asked = self.renderer.questions.keys() - ORDINARY
        services = {row["variable"] for row in self.catalog.catalog["services"]}
        self.variables = frozenset(asked | services)
        self.proof = Proof()
        self._checked: dict[tuple[str, bytes], Facts] = {}
        self._sound: list[Job] = []
        self._unreadable: set[str] = set()
        self._projects: dict[Hashable, tuple[str, dict[str, bytes]]] = {}

    def prove(self, job: Job) -> None:
        """Render and check one project."""
        start = _processor_seconds()
        self._prove(job)
        if self.proof.projects > 1:
            self.proof.pace += _processor_seconds() - start

    def _prove(self, job: Job) -> None:
        self.proof.projects += 1
        start = time.perf_counter()
        try:
            rendered = self.renderer.render(job.answers)
        except UndefinedError as error:
            self._wrong(job.name, self._source_of(error), f"uses an undefined name: {error}")
            return
        if self.proof.projects > 1:
            self.proof.rendered += 1
            self.proof.rendering += time.perf_counter() - start
        self._sound.append(job)
        self.proof.files += len(rendered.files)
        for path, text in rendered.files.items():
            if (path, text) not in self._checked:
                self._check(job.name, rendered, path)
        try:
            self._check_project(job, rendered)
        except (AttributeError, LookupError, TypeError, ValueError, yaml.YAMLError):
            # What cannot be read was told already; the checks that read it have nothing to say.
            if not self._unreadable & rendered.files.keys():
                raise

    def _check_project(self, job: Job, rendered: Rendered) -> None:
        facts = {path: self._checked[path, text] for path, text in rendered.files.items()}
        chosen = self.renderer.rules.layers(job.answers)
        for path, what in self.catalog.offences(rendered, job.one.level, chosen, facts):
            self._wrong(job.name, path, what)
        self._compare(job, rendered)
        self.python.add(job.name, rendered)

    def _source_of(self, error: BaseException) -> str:
        """The template in which an error happened."""
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        top = self.renderer.tree / self.renderer.settings["subdirectory"]
        below = [Path(file).relative_to(top) for file in files if Path(file).is_relative_to(top)]
        return below[-1].as_posix() if below else "copier.yml"

    def _compare(self, job: Job, rendered: Rendered) -> None:
        """What is asked for in other words gives the same project, but for the record of it."""
        kept = {path: text for path, text in rendered.files.items() if path not in RECORDS}
        key = job.same(self.renderer.rules)
        first, before = self._projects.setdefault(key, (job.name, kept))
        for path in before.keys() | kept.keys():
            if before.get(path) != kept.get(path):
                self._wrong(job.name, path, f"differs from that of {first}, which is the same")

    def finish(self) -> Proof:
        """Check the Python files, and give everything."""
        for combination, path, what in self.python.faults():
            self._wrong(combination, path, what)
        self.proof.checked = len(self._checked)
        self.proof.python = len(self.python)
        return self.proof

    def compare(self) -> None:
        """Let bare Jinja2 render some of the same projects, with templates that are compiled."""
        for job in self._sound[-YARDSTICK_ROUNDS:]:
            templates = list(self._templates(job.answers))
            start = time.perf_counter()
            for template, known in templates:
                template.render(known)
            self.proof.yardstick += time.perf_counter() - start
            self.proof.compared += 1

    def _templates(self, answers: Mapping[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
        renderer = self.renderer
        known = renderer.variables(answers)
        found = renderer.rules.expanded(renderer.jinja, known, renderer.sources)
        top = renderer.settings["subdirectory"]
        for source, loop in found.values():
            if source.endswith(renderer.settings["templates_suffix"]):
                yield renderer.jinja.get_template(f"{top}/{source}"), {**known, **loop}

    def _check(self, combination: str, rendered: Rendered, path: str) -> None:
        content = rendered.files[path]
        is_template = rendered.sources[path].endswith(self.renderer.settings["templates_suffix"])
        for what in contents.faults(path, content, rendered=is_template, variables=self.variables):
            self._wrong(combination, path, what)
            self._unreadable.add(path)
        self._checked[path, content] = self.catalog.facts(path, content)

    def _wrong(self, combination: str, path: str, what: str) -> None:
        self.proof.offences.append(Offence(combination, path, what))


def prove(
    tree: Path,
    base: Mapping[str, Any],
    asked: Sequence[Combination],
    *,
    processes: int | None = None,
    progress: Progress = lambda _: None,
) -> Proof:
    """Prove the template at `tree` for answer sets, with the other answers of `base`."""
    return prove_all(tree, [Job(one, base) for one in asked], processes, progress)


def prove_all(
    tree: Path,
    jobs: Sequence[Job],
    processes: int | None = None,
    progress: Progress = lambda _: None,
) -> Proof:
    """Prove the template at `tree` for all the projects asked for."""
    start = time.perf_counter()
    number = processes or processes_for(len(jobs))
    whole = Proof()
    for part in _parts(tree, _shares(tree, jobs, number), progress):
        whole.add(part)
    whole.seconds = time.perf_counter() - start
    return whole


def processes_for(projects: int) -> int:
    """How many processes do so many projects."""
    return min(os.cpu_count() or 1, 1 + projects // WORTH_A_PROCESS)


def _shares(tree: Path, jobs: Sequence[Job], number: int) -> list[Sequence[Job]]:
    """Divide the projects; those that must be the same stay together."""
    rules = load_module(tree / "extensions" / "answers.py")
    same: dict[Hashable, list[Job]] = {}
    for job in jobs:
        same.setdefault(job.same(rules), []).append(job)
    groups = list(same.values())
    shares = [[job for group in groups[n::number] for job in group] for n in range(number)]
    return [share for share in shares if share]


def _parts(tree: Path, shares: Sequence[Sequence[Job]], progress: Progress) -> Iterator[Proof]:
    if len(shares) == 1:
        yield _share(tree, shares[0], progress)
        return
    context = multiprocessing.get_context("spawn")
    said: Any = context.Queue()
    workers = [
        context.Process(target=_work, args=(tree, share, said), daemon=True) for share in shares
    ]
    for worker in workers:
        worker.start()
    left = len(workers)
    while left:
        try:
            message = said.get(timeout=10)
        except Empty:
            died = [worker.exitcode for worker in workers if worker.exitcode]
            assert not died, f"a process of the proof died: {died}"
            continue
        assert not isinstance(message, str), message
        if isinstance(message, int):
            progress(message)
        else:
            left -= 1
            yield message
    for worker in workers:
        worker.join()


def _work(tree: Path, share: Sequence[Job], said: Any) -> None:
    """Do a share in a process of its own: tell how far it is, then the result or the failure."""
    try:
        said.put(_share(tree, share, said.put))
    except BaseException:  # noqa: BLE001  (the other process raises it)
        said.put(traceback.format_exc())


def _share(tree: Path, share: Sequence[Job], progress: Progress) -> Proof:
    start = _processor_seconds()
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        prover = Prover(tree, Path(folder))
        for job in share:
            prover.prove(job)
            progress(1)
        prover.compare()
        proof = prover.finish()
    proof.spent = _processor_seconds() - start
    proof.processes = 1
    return proof


def _processor_seconds() -> float:
    """What this process and those that it ran have used of the processors."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system

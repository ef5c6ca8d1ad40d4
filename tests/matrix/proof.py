"""The proof: every answer set is rendered and checked, on all cores, each content once."""

import multiprocessing
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import yaml
from jinja2 import UndefinedError

from ferrata.matrix import Combination
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
# How many answer sets of a process the yardstick renders.
YARDSTICK_ROUNDS = 5
# Fewer answer sets than these are quicker in one process.
WORTH_A_PROCESS = 32
SHOWN = 40

Progress = Callable[[int], None]


@dataclass
class Proof:
    """What was rendered and checked, and what is wrong."""

    combinations: int = 0
    files: int = 0
    checked: int = 0
    python: int = 0
    # Seconds of rendering once templates are compiled: here, and by bare Jinja2 (the yardstick).
    rendered: int = 0
    rendering: float = 0
    compared: int = 0
    yardstick: float = 0
    # Seconds of rendering and checking all answer sets but the first of each process.
    pace: float = 0
    seconds: float = 0
    offences: list[Offence] = field(default_factory=list)

    def add(self, other: "Proof") -> None:
        """Take in what another process did."""
        self.combinations += other.combinations
        self.files += other.files
        self.checked += other.checked
        self.python += other.python
        self.rendered += other.rendered
        self.rendering += other.rendering
        self.pace += other.pace
        self.compared += other.compared
        self.yardstick += other.yardstick
        self.offences += other.offences

    def estimated(self, answer_sets: int, processes: int) -> float | None:
        """Seconds that so many answer sets would take; None where too few give no pace."""
        if self.rendered < WORTH_A_PROCESS:
            return None
        fixed = self.seconds - self.pace / processes
        return fixed + answer_sets / processes * self.pace / self.rendered

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
            + (f" (and with {len(set(names)) - 1} more answer sets)" if len(set(names)) > 1 else "")
            for (path, what), names in first.items()
        ]
        more = [f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        return [*lines[:SHOWN], *more]


class Prover:
    """Renders answer sets and checks what comes out; what was checked once is remembered."""

    def __init__(self, tree: Path, base: Mapping[str, Any], folder: Path) -> None:
        """Prove the template at `tree` with the answers `base`; `folder` is for Python files."""
        self.renderer = Renderer(tree)
        self.base = base
        self.catalog = Catalog(self.renderer.rules)
        self.python = PythonFiles(folder)
        layers = {row["name"] for row in self.catalog.catalog["modules"]} | {
            f"level_{row['level']}" for row in self.catalog.catalog["levels"]
        }
        self.variables = frozenset(self.renderer.questions.keys() - layers - ORDINARY)
        self.proof = Proof()
        self._checked: dict[tuple[str, bytes], Facts] = {}
        self._sound: list[Combination] = []
        self._unreadable: set[str] = set()
        self._projects: dict[Hashable, tuple[str, dict[str, bytes]]] = {}

    def prove(self, one: Combination) -> None:
        """Render and check one answer set."""
        start = time.perf_counter()
        self._prove(one, start)
        if self.proof.combinations > 1:
            self.proof.pace += time.perf_counter() - start

    def _prove(self, one: Combination, start: float) -> None:
        self.proof.combinations += 1
        try:
            rendered = self.renderer.render({**self.base, **one.answers})
        except UndefinedError as error:
            self._wrong(one.name, self._source_of(error), f"uses an undefined name: {error}")
            return
        if self.proof.combinations > 1:
            self.proof.rendered += 1
            self.proof.rendering += time.perf_counter() - start
        self._sound.append(one)
        self.proof.files += len(rendered.files)
        for path, text in rendered.files.items():
            if (path, text) not in self._checked:
                self._check(one.name, rendered, path)
        try:
            self._check_project(one, rendered)
        except (AttributeError, LookupError, TypeError, ValueError, yaml.YAMLError):
            # What cannot be read was told already; the checks that read it have nothing to say.
            if not self._unreadable & rendered.files.keys():
                raise

    def _check_project(self, one: Combination, rendered: Rendered) -> None:
        facts = {path: self._checked[path, text] for path, text in rendered.files.items()}
        modules = self.renderer.rules.closure(one.level, one.modules)
        for path, what in self.catalog.offences(rendered, one.level, modules, facts):
            self._wrong(one.name, path, what)
        self._compare(one, rendered, tuple(modules))
        self.python.add(one.name, rendered)

    def _source_of(self, error: BaseException) -> str:
        """The template in which an error happened."""
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        top = self.renderer.tree / self.renderer.settings["subdirectory"]
        below = [Path(file).relative_to(top) for file in files if Path(file).is_relative_to(top)]
        return below[-1].as_posix() if below else "copier.yml"

    def _compare(self, one: Combination, rendered: Rendered, modules: tuple[str, ...]) -> None:
        """What is asked for in other words gives the same project, but for the record of it."""
        kept = {path: text for path, text in rendered.files.items() if path not in RECORDS}
        key = (one.level, modules, one.providers)
        first, before = self._projects.setdefault(key, (one.name, kept))
        for path in before.keys() | kept.keys():
            if before.get(path) != kept.get(path):
                self._wrong(one.name, path, f"differs from that of {first}, which is the same")

    def finish(self) -> Proof:
        """Check the Python files, and give everything."""
        for combination, path, what in self.python.faults():
            self._wrong(combination, path, what)
        self.proof.checked = len(self._checked)
        self.proof.python = len(self.python)
        return self.proof

    def compare(self) -> None:
        """Let bare Jinja2 render some of the same projects, with templates that are compiled."""
        for one in self._sound[-YARDSTICK_ROUNDS:]:
            job = list(self._templates({**self.base, **one.answers}))
            start = time.perf_counter()
            for template, known in job:
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
    """Prove the template at `tree` for all the answer sets asked for."""
    start = time.perf_counter()
    number = processes or min(os.cpu_count() or 1, 1 + len(asked) // WORTH_A_PROCESS)
    whole = Proof()
    for part in _parts(tree, base, _shares(tree, asked, number), progress):
        whole.add(part)
    whole.seconds = time.perf_counter() - start
    return whole


def _shares(tree: Path, asked: Sequence[Combination], number: int) -> list[Sequence[Combination]]:
    """Divide the answer sets; those that give the same project stay together."""
    rules = load_module(tree / "extensions" / "answers.py")
    same: dict[Hashable, list[Combination]] = {}
    for one in asked:
        key = (one.level, tuple(rules.closure(one.level, one.modules)), one.providers)
        same.setdefault(key, []).append(one)
    groups = list(same.values())
    shares = [[one for group in groups[n::number] for one in group] for n in range(number)]
    return [share for share in shares if share]


def _parts(
    tree: Path,
    base: Mapping[str, Any],
    shares: Sequence[Sequence[Combination]],
    progress: Progress,
) -> Iterator[Proof]:
    if len(shares) == 1:
        yield _share(tree, base, shares[0], progress)
        return
    context = multiprocessing.get_context("spawn")
    said: Any = context.Queue()
    workers = [
        context.Process(target=_work, args=(tree, base, share, said), daemon=True)
        for share in shares
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


def _work(tree: Path, base: Mapping[str, Any], share: Sequence[Combination], said: Any) -> None:
    """Do a share in a process of its own: tell how far it is, then the result or the failure."""
    try:
        said.put(_share(tree, base, share, said.put))
    except BaseException:  # noqa: BLE001  (the other process raises it)
        said.put(traceback.format_exc())


def _share(
    tree: Path, base: Mapping[str, Any], share: Sequence[Combination], progress: Progress
) -> Proof:
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        prover = Prover(tree, base, Path(folder))
        for one in share:
            prover.prove(one)
            progress(1)
        prover.compare()
        return prover.finish()

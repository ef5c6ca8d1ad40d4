"""The story of a product: a PoC gets its business rules, then climbs, and keeps them.

docs/tutorial/from-poc-to-level-2.md tells it.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest

from tests.examples.lending import OVERLAY, Lending, overlaid, overlay, rules_hold
from tests.modules.reader import READER
from tests.modules.serving import serving
from tests.modules.test_rabbitmq import SERVER
from tests.project.defects import gates_of
from tests.project.test_gates import UNSTEADY, gates
from tests.project.test_running import running, token_of
from tests.support import answers_of, commit_all, commit_working_tree, git, render, run

pytestmark = pytest.mark.long

MUST = ["FR-001", "FR-002", "FR-003", "FR-004", "FR-005", "FR-006"]
DISPUTE = """\
name: dispute
fields:
  - {name: loan_id, type: reference, references: loan, required: true}
  - {name: reason, type: text, required: true, max_length: 2000}
  - {name: status, type: enum, values: [open, resolved, rejected], default: open}
"""
DESCOPED = "{reason: Load tests come with level 3, approved_by: Head of Product}"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it is, without the layers that the other tests of this folder add."""
    return commit_working_tree(tmp_path_factory.mktemp("story"))


@pytest.fixture
def project(template: Path) -> Iterator[Path]:
    """The generated PoC, committed."""
    with generated(template, "p2p_lending") as made:
        yield made


@contextmanager
def generated(template: Path, name: str) -> Iterator[Path]:
    """Make a project, committed; not under pytest's own folder: see the fixture `installed`."""
    with TemporaryDirectory(prefix="story-") as folder:
        made = render(template, answers_of(name), Path(folder) / "p2p")
        git(made, "init", "--quiet", "--initial-branch=main")
        sync(made)
        commit_all(made, "generated")
        yield made


@pytest.fixture
def poc(project: Path) -> Path:
    """The PoC with its business rules, committed."""
    commit_all(overlay(project), "The rules of lending")
    return project


def sync(project: Path) -> None:
    synced = run(project, "uv", "sync", "--all-packages", "--quiet")
    assert synced.returncode == 0, synced.stderr


def ferrata(command: str, project: Path, *arguments: str) -> CompletedProcess[str]:
    """Run the command as its users do; the gates run on their own, once all is committed."""
    return run(project, sys.executable, "-m", "ferrata", command, str(project), *arguments)


def is_green(project: Path, level: int) -> dict[str, Any]:
    """Run the gates of the level, but those that measure this machine; give the report."""
    there = [gate["name"] for gate in gates_of(level)]
    named = [name for name in there if name not in UNSTEADY]
    code, report = gates(project, *(named if named != there else ()))
    found = {gate: r["state"] for gate, r in report.items() if gate in named}
    assert found == dict.fromkeys(named, "passed")
    assert code == 0
    return report[""]


def reasons(project: Path) -> list[str]:
    """Why the project cannot be handed over."""
    handed_over = ferrata("handoff", project, "--json")
    document = json.loads(handed_over.stdout)
    assert handed_over.returncode == (1 if document["reasons"] else 0)
    return [reason["what"].split(" (")[0] for reason in document["reasons"]]


def test_the_poc_has_its_rules(project: Path) -> None:
    is_green(project, level=1)
    assert reasons(project) == [*MUST, "NF-001"]

    commit_all(overlay(project), "The rules of lending")

    report = is_green(project, level=1)
    covered = [row["id"] for row in report["requirements"] if row["state"] == "covered"]
    assert covered == MUST
    assert reasons(project) == ["NF-001"]
    with running(project) as base:
        rules_hold(base)


def test_it_climbs_and_keeps_them(poc: Path) -> None:
    tests = ["uv", "run", "--all-packages", "--quiet", "pytest", "-q", "services"]
    before = run(poc, *tests)
    assert before.returncode == 0, before.stdout

    descoped = f"non_functional.constraints.0.descoped={DESCOPED}"
    climbed = ferrata("climb", poc, "--to", "2", "--set", descoped)

    assert climbed.returncode == 0, climbed.stdout + climbed.stderr
    assert git(poc, "diff", "--cached", "--name-only", "--", "services", "shared") == ""
    for path in overlaid():
        assert (poc / path).read_bytes() == (OVERLAY / path).read_bytes(), path
    after = run(poc, *tests)
    assert after.returncode == 0, after.stdout
    assert last_line(after).split()[0] == last_line(before).split()[0]

    commit_all(poc, "Level 2")
    is_green(poc, level=2)
    assert reasons(poc) == []
    with running(poc) as base:
        rules_hold(base)
        assert "X-Request-ID" in httpx2.get(f"{base}/api/v1/loans").headers


def test_it_grows_and_keeps_them(poc: Path, tmp_path: Path) -> None:
    """An entity and a field more, beside what the owners wrote, and then a level."""
    file = tmp_path / "dispute.yml"
    file.write_text(DISPUTE)
    add(poc, "entity", str(file))
    add(poc, "field", "dispute", "assignee_id:reference=user", "code:string,unique,max_length=20")
    what_they_wrote_is_there(poc)

    is_green(poc, level=1)
    with running(poc) as base:
        rules_hold(base)
        nowhere = {"loan_id": "6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60", "reason": "Never paid"}
        assert httpx2.post(f"{base}/api/v1/disputes", json=nowhere).status_code in {409, 422}
        assert httpx2.get(f"{base}/api/v1/disputes?sort=-code").json()["items"] == []
    commit_all(poc, "what running it left")

    descoped = f"non_functional.constraints.0.descoped={DESCOPED}"
    climbed = ferrata("climb", poc, "--to", "2", "--set", descoped)
    assert climbed.returncode == 0, climbed.stdout + climbed.stderr
    assert git(poc, "diff", "--cached", "--name-only", "--", "services", "shared") == ""


def add(project: Path, *arguments: str) -> None:
    """Let a project grow, and commit it."""
    grown = run(project, sys.executable, "-m", "ferrata", "add", *arguments, FERRATA_GATES="off")
    assert grown.returncode == 0, grown.stderr
    commit_all(project, arguments[0])


def what_they_wrote_is_there(project: Path) -> None:
    """Every line of the overlay."""
    for path in overlaid():
        theirs = (OVERLAY / path).read_text().splitlines()
        assert set(theirs) <= set((project / path).read_text().splitlines()), path


@pytest.mark.about("redis", "workers", "level_2", "level_4")
@pytest.mark.needs("redis-server", "rabbitmq-server")
def test_beside_modules_it_grows_on_filled_tables_and_climbs_to_4(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes is known to the cache, the events and the policy; records that were there stay."""
    file = tmp_path / "dispute.yml"
    file.write_text(DISPUTE)
    with generated(template, "p2p_lending@2+redis+workers") as project:
        commit_all(overlay(project), "The rules of lending")
        add(project, "entity", str(file))
        with system(project, monkeypatch) as (lending, told):
            first = disputes(lending)
            assert "dispute.created" in told(4)
            lending.keeps_its_rules()

        add(project, "field", "dispute", "urgency:enum=low:high,default=low")
        add(project, "field", "dispute", "code:string,unique", "assignee_id:reference=user")
        what_they_wrote_is_there(project)
        with system(project, monkeypatch) as (lending, _):
            stored = lending.http.get(f"/disputes/{first}").json()
            assert (stored["urgency"], stored["code"]) == ("low", None)
            asked = {"urgency": "high", "code": "D-2"}
            assert lending.http.patch(f"/disputes/{first}", json=asked).json()["code"] == "D-2"
        is_green(project, level=2)

        climbed = ferrata("climb", project, "--to", "4")
        assert climbed.returncode == 0, climbed.stdout + climbed.stderr
        sync(project)
        commit_all(project, "Level 4")
        with system(project, monkeypatch) as (lending, told):
            stored = lending.http.get(f"/disputes/{first}").json()
            assert (stored["urgency"], stored["code"]) == ("high", "D-2")
            disputes(lending, "second@example.com")
            assert "dispute.created" in told(4)
        is_green(project, level=4)


@contextmanager
def system(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Lending, Callable[[int], list[str]]]]:
    """Run a project: who uses it, and what tells the types of so many events since it runs."""
    shutil.rmtree(project / ".dev/events", ignore_errors=True)  # what nobody read stays there
    with serving(project, SERVER) as broker:
        monkeypatch.setenv("RABBITMQ_URL", broker.url)

        def told(number: int) -> list[str]:
            words = ["uv", "run", "--no-sync", "python", "-c", READER, str(number), "60"]
            done = run(project, *words, RABBITMQ_URL=broker.url)
            assert done.returncode == 0, done.stderr
            return [json.loads(line)["type"] for line in done.stdout.splitlines()]

        told(0)  # from now on they are kept for it
        with (
            running(project) as base,
            httpx2.Client(base_url=f"{base}/api/v1", timeout=20, headers=token_of(project)) as http,
        ):
            yield Lending(http), told
    (project / "dev.log").unlink()  # the scan for secrets would find the first password in it


def disputes(lending: Lending, email: str = "first@example.com") -> str:
    """Let somebody dispute a loan; the list that was asked for before shows it at once."""
    person = {"email": email, "full_name": "Grace"}
    user = lending.http.post("/users", json=person).json()["id"]
    lending.http.patch(f"/users/{user}", json={"kyc_status": "approved"})
    loan = lending.asks(user).json()["id"]
    before = lending.http.get("/disputes").json()["items"]
    asked = {"loan_id": loan, "reason": "Never paid"}
    made = lending.http.post("/disputes", json=asked)
    assert made.status_code == 201, made.text
    after = lending.http.get("/disputes").json()["items"]
    assert len(after) == len(before) + 1
    return str(made.json()["id"])


def last_line(done: CompletedProcess[str]) -> str:
    """What pytest says in the end: `201 passed in 4.96s`."""
    return done.stdout.splitlines()[-1]


def test_plain_copier_does_the_same(poc: Path) -> None:
    updated = run(
        poc,
        *(sys.executable, "-m", "copier", "update", "--trust", "--defaults", "--quiet"),
        *("--vcs-ref=:current:", "--data", "level=2"),
        FERRATA_GATES="off",
    )

    assert updated.returncode == 0, updated.stderr
    assert git(poc, "status", "--porcelain", "--", "services", "shared") == ""
    for path in overlaid():
        assert (poc / path).read_bytes() == (OVERLAY / path).read_bytes(), path
    assert (poc / "tests/integration").is_dir()

"""Handing over: the reports of what was proved, or the reasons why not yet."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.check.report import SCHEMA_VERSION
from tools.common import ToolError, paint, say, shown, write_atomically
from tools.common.code import REPORTS, Tree, newer_files, read_tree, same_code
from tools.handoff.report import (
    DELIVERABLES,
    LEVEL,
    Level,
    catalog,
    deliverables,
    qa_report,
    read_level,
)

_CHECK = "run `make check-fresh`"
_PARTS = {"gates", "requirements", "unproved_tests", "targets", "coverage", "code", "started"}
_SHOWN = 3
QA_REPORT = REPORTS / "qa-report.md"
DONE, REFUSED, INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Reason:
    """One thing that is in the way, and what to do about it."""

    code: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Give the reason as one line."""
        return f"{self.what}: {self.remedy}"


def read_evidence(root: Path) -> dict[str, Any] | Reason:
    """Read gates.json, or say why it proves nothing."""
    path = root / REPORTS / "gates.json"
    name = path.relative_to(root).as_posix()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Reason("no-report", f"{name} is missing", _CHECK)
    except (OSError, ValueError):
        return Reason("no-report", f"{name} cannot be read", _CHECK)
    if not isinstance(content, dict) or not content.keys() >= _PARTS:
        return Reason("no-report", f"{name} is not what `make check` writes", _CHECK)
    if content.get("schema_version") != SCHEMA_VERSION:
        return Reason("no-report", f"{name} is of another version of the tools", _CHECK)
    return content


async def reasons(content: dict[str, Any], tree: Tree, root: Path) -> list[Reason]:
    """Return everything that is in the way, not only the first."""
    found = [*_dirty(tree), *_gates(content), *_requirements(content)]
    if stale := await _stale(content, tree, root):
        found.append(Reason("stale", stale, _CHECK))
    return found


def _open(level: Level) -> Iterator[Reason]:
    for entry in level.open:
        name, _, question = entry.partition(": ")
        remedy = f"answer it with `ferrata climb --set {name}=...`, the value as YAML"
        yield Reason("open", f"the answer {name} is open ({question})", remedy)


def _dirty(tree: Tree) -> Iterator[Reason]:
    if tree.changed:
        more = ", ..." if len(tree.changed) > _SHOWN else ""
        what = f"uncommitted changes ({', '.join(tree.changed[:_SHOWN])}{more})"
        yield Reason("dirty", what, f"commit them, then {_CHECK}")


def _gates(content: dict[str, Any]) -> Iterator[Reason]:
    if left := [gate["name"] for gate in content["gates"] if gate["reason"] == "not selected"]:
        yield Reason("partial", f"the last run left out {', '.join(left)}", _CHECK)
    if kept := [gate["name"] for gate in content["gates"] if gate.get("kept")]:
        yield Reason("kept", f"the last run kept an earlier result of {', '.join(kept)}", _CHECK)
    for gate in content["gates"]:
        if gate["state"] == "passed" or gate["name"] in left:
            continue
        verb = "failed" if gate["state"] == "failed" else "did not run"
        said = ": ".join(filter(None, [gate["figure"], gate["reason"]]))
        yield Reason("gate", f"the gate {gate['name']} {verb} ({said})", f"mend it, then {_CHECK}")


def _requirements(content: dict[str, Any]) -> Iterator[Reason]:
    if (rows := content["requirements"]) is None:
        yield Reason("requirements", f"requirements: {content['requirements_reason']}", _CHECK)
    for row in rows or ():
        what = f"{row['id']} ({row['title']}) is {row['state']}"
        if row["state"] == "failed":
            failed = next(test["id"] for test in row["tests"] if test["outcome"] == "failed")
            yield Reason("requirement", what, f"mend {failed}, then {_CHECK}")
        elif row["state"] == "uncovered":
            marker = f'@pytest.mark.requirement("{row["id"]}")'
            remedy = f"mark a passing test with {marker}, or descope it in the answers"
            yield Reason("requirement", what, remedy)


async def _stale(content: dict[str, Any], tree: Tree, root: Path) -> str | None:
    code = content["code"]
    if not tree.under_git:
        newer = newer_files(tree, root, content["started"])
        return f"{newer[0]} is newer than the last run of the gates" if newer else None
    if code is None:
        return "the gates ran before the code was under git"
    if code["dirty"]:
        return "the gates ran on uncommitted changes"
    if not await same_code(root, code["commit"]):
        return f"the code changed since the gates ran (commit {code['commit'][:12]})"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the papers, or say what is in the way; return the exit code."""
    options = _parser().parse_args(arguments)
    root = Path.cwd()
    try:
        level = read_level(root / LEVEL)
        found, files = asyncio.run(_handed_over(level, root))
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.json:
        sys.stdout.write(_document(level, found, files))
    else:
        _tell(found, files)
    return REFUSED if found else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.handoff",
        description="Write the QA report and the catalog of deliverables.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    return parser


async def _handed_over(level: Level, root: Path) -> tuple[list[Reason], list[str]]:
    tree, content = await read_tree(root), read_evidence(root)
    if isinstance(content, Reason):
        return [*_open(level), content], []
    if found := [*_open(level), *await reasons(content, tree, root)]:
        return found, []
    return [], _written(content, tree, level, root)


def _written(content: dict[str, Any], tree: Tree, level: Level, root: Path) -> list[str]:
    # The catalog comes last: it has the report's hash.
    write_atomically(root / QA_REPORT, qa_report(content, level, datetime.now(UTC)))
    files = deliverables(tree, root)
    write_atomically(root / DELIVERABLES, catalog(level.title, files))
    return [QA_REPORT.as_posix(), DELIVERABLES.as_posix()]


def _document(level: Level, found: list[Reason], files: list[str]) -> str:
    content = {
        "state": "refused" if found else "handed over",
        "level": level.number,
        "reasons": [asdict(reason) for reason in found],
        "files": files,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _tell(found: list[Reason], files: list[str]) -> None:
    mark = paint(shown("✗", "x", sys.stderr), "red", sys.stderr)
    for reason in found:
        say(f"{mark} {reason}", sys.stderr)
    if found:
        reasons = "1 reason" if len(found) == 1 else f"{len(found)} reasons"
        say(f"Not handed over: {reasons}, see above.", sys.stderr)
    else:
        say(f"Handed over: {' and '.join(files)}. Commit the catalog.", sys.stdout)


if __name__ == "__main__":
    sys.exit(main())

"""Projects whose gates are small programs, and what their reports say."""

import json
import subprocess
from pathlib import Path

HEAD = 'project = "demo"\nlevel = 1\n'


def gate(
    name: str, code: str, *, lane: str = "one", figure: str = "{n} done", **more: object
) -> str:
    """A gate that runs a piece of Python."""
    values = {
        "title": f"The {name}",
        "lane": lane,
        "command": ["python", "-c", code],
        "timeout_s": 10,
        "patterns": [r"(?P<n>\d+) done"],
        "figure": figure,
        **more,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([f"[gates.{name}]", *lines, ""])


def plan(project: Path, *parts: str, head: str = HEAD) -> None:
    """Write gates.toml."""
    (project / "tools" / "gates.toml").write_text("\n".join([head, *parts]))


def report(project: Path) -> dict:
    """What the last run measured."""
    return json.loads((project / "artifacts/reports/gates.json").read_text())


def checklist_of(project: Path) -> str:
    """The last run in Markdown."""
    return (project / "artifacts/reports/verification-checklist.md").read_text()


def git(project: Path, *words: str) -> None:
    """Run git as somebody."""
    identity = ["-c", "user.name=x", "-c", "user.email=x@y.z", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], check=True, cwd=project, capture_output=True)


def commit(project: Path) -> None:
    """Commit everything."""
    if not (project / ".git").exists():
        (project / ".gitignore").write_text("artifacts/reports/\n__pycache__/\n")
        git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "x", "--allow-empty")


def requirements(project: Path, *, targets: str = "", **given: dict) -> None:
    """Write requirements.toml: FR_001={...} is the requirement FR-001."""
    usual = {"kind": "functional", "title": "Lend a book", "priority": "must"}
    lines = [targets]
    for name, values in given.items():
        lines.append(f"[requirements.{name.replace('_', '-')}]")
        for key, value in (usual | values).items():
            if isinstance(value, dict):
                inside = ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items())
                lines.append(f"{key} = {{ {inside} }}")
            else:
                lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    (project / "tools" / "requirements.toml").write_text("\n".join(lines))


def gate_of_tests(*tests: tuple[str, str, str], exit_code: int = 0) -> str:
    """A gate whose tests (name, id of a requirement, outcome) came out as told."""
    outcomes = [
        {"id": name, "requirements": [r] if r else [], "outcome": outcome, "reason": "why"}
        for name, r, outcome in (*tests, ("t.py::another", "", "passed"))
    ]
    # As hexadecimal digits nothing in it can be taken for a placeholder of gates.toml.
    written = json.dumps({"tests": outcomes}).encode().hex()
    code = (
        f"import sys; open(sys.argv[1], 'wb').write(bytes.fromhex('{written}'));"
        f"print('{len(tests)} done'); sys.exit({exit_code})"
    )
    command = ["python", "-c", code, "{work}/outcomes.json"]
    return gate("tests", "", command=command, outcomes="outcomes.json", figure="{tests}")

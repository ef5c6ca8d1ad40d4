"""The tiny template of the tests, with the real questions, checks and steps; and git."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.support import CATALOG, ROOT

EXAMPLE = ROOT / "examples/task_manager/answers.yml"
REAL_PARTS = ("copier.yml", "questions", "extensions", "schemas", "hooks", "examples")

# One that can be chosen alone.
MODULE = next(row["name"] for row in CATALOG["modules"] if row["available"] and not row["requires"])
LAYER = "template/{{ level_1 }}"
TINY = {
    **{
        f"{LAYER}/.ferrata/{name}": (ROOT / LAYER / ".ferrata" / name).read_text("utf-8")
        for name in ("seeds.txt.jinja", "template.txt.jinja", "answers.sha256.jinja")
    },
    f"{LAYER}/{{{{ _copier_conf.answers_file }}}}.jinja": "{{ _copier_answers | to_nice_yaml }}",
    f"{LAYER}/README.md.jinja": "# {{ project_name }}\n\n{{ problem }}\n",
    ".gitignore": "__pycache__/\n",
    f"{LAYER}/.gitignore": ".env\n.venv/\n__pycache__/\nartifacts/\n",
    f"{LAYER}/.env.example.jinja": "# the level\nLEVEL={{ level }}\n# secret\nDATABASE_PASSWORD=\n",
    f"{LAYER}/facts.toml.jinja": """\
        name = {{ project_name | quoted }}
        problem = {{ problem | quoted }}
        """,
    f"{LAYER}/pyproject.toml.jinja": """\
        [project]
        name = "{{ project | kebab }}"
        version = "0.1.0"
        requires-python = ">=3.11"

        [tool.uv]
        package = false
        """,
    f"{LAYER}/tools/__init__.py": "",
    f"{LAYER}/tools/env.py": """\
        from pathlib import Path

        Path(".env").write_text(Path(".env.example").read_text())
        """,
    f"{LAYER}/tools/services.toml.jinja": """\
        [services.{{ data_api }}]
        port = 8001
        docs = "/docs"

        [services.{{ api }}]
        port = 8000
        docs = "/docs"
        """,
    f"{LAYER}/tools/check/__init__.py": "",
    # Green, unless a file `red` says otherwise; it leaves a trace, as the real reports are.
    f"{LAYER}/tools/check/__main__.py": """\
        import json
        import sys
        from pathlib import Path

        if "--only" in sys.argv and "known" not in sys.argv:
            sys.exit(2)
        Path("artifacts/reports").mkdir(parents=True, exist_ok=True)
        Path("artifacts/reports/gates.json").write_text("{}")
        if "--json" in sys.argv:
            print(json.dumps({"gates": []}))
        if "--quick" in sys.argv:
            print("quick gates")
        if "--fresh" in sys.argv:
            print("nothing is kept")
        sys.exit(4 if Path("red").exists() else 0)
        """,
    f"{LAYER}/tools/handoff/__init__.py": "",
    # Goes through, unless a file `open` says otherwise.
    f"{LAYER}/tools/handoff/__main__.py": """\
        import json
        import sys
        from pathlib import Path

        missing = [f"{name} is not covered" for name in ("FR-001", "FR-002")]
        refused = missing if Path("open").exists() else []
        if "--json" in sys.argv:
            print(json.dumps({"refused": refused}))
        else:
            print(*refused, sep="\\n", file=sys.stderr)
        sys.exit(1 if refused else 0)
        """,
    f"{LAYER}/services/{{{{ api }}}}/{{% yield e from model.entities %}}{{{{ e.plural }}}}"
    "{% endyield %}.py.jinja": '"""The {{ e.plural_words }}."""\n',
    "template/{{ level_2 }}/health.txt": "level 2\n",
    f"template/{{{{ {MODULE} }}}}/module.txt": "module\n",
}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def write_tiny_template(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for name in REAL_PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for path, text in TINY.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), "utf-8")
    commit(folder, "one")
    git(folder, "tag", "v0.1.0")
    return folder


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


Ferrata = Callable[..., Run]


def everything(folder: Path) -> set[str]:
    """Every path below a folder, without what is in the home of its user."""
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {path for path in paths if not path.startswith("home/")}


def drafts(folder: Path) -> list[Path]:
    """The drafts that the user of a test has."""
    return sorted(folder.glob("home/state/ferrata/drafts/*"))

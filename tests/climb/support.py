"""A template with more levels than it has yet, projects made from it, and the edits of their owners."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import answers_of, commit_all, commit_working_tree, files_of, git, render

EDITS = Path(__file__).parent / "edits"
EXAMPLE = "task_manager"
# Layers that the tests bring themselves until the template has them.
LAYERS = ("level_3", "files")
LISTS = (".ferrata/seeds.txt", ".ferrata/template.txt")


def write_template(target: Path) -> Path:
    """The template of the working tree, with a small layer for each one that is not there yet."""
    commit_working_tree(target)
    for layer in LAYERS:
        if not (target / f"template/{{{{ {layer} }}}}").exists():
            _add_layer(target, layer)
    commit_all(target, "test layers")
    # One file instead of many to clone, again and again.
    git(target, "gc", "--quiet")
    return target


def _add_layer(template: Path, layer: str) -> None:
    top = template / f"template/{{{{ {layer} }}}}"
    texts = {
        f"docs/{layer}.md": f"# {layer}\n\nWhat it brings.\n",
        f"chassis/src/chassis/{layer}/__init__.py": f'"""The feature {layer}."""\n',
        f"shared/src/shared/{layer}.py": f'"""What services exchange for {layer}."""\n',
    }
    for path, text in texts.items():
        (top / path).parent.mkdir(parents=True)
        (top / path).write_text(text)
    manifest = template / f"schemas/catalog/layers/{layer}.yml"
    text = re.sub(r"^behaviour:\n(  - .*\n)*", "", manifest.read_text("utf-8"), flags=re.MULTILINE)
    manifest.write_text(f"{text}behaviour: [{layer} behaves differently]\n", "utf-8")
    _add_variable(template, layer)


def _add_variable(template: Path, layer: str) -> None:
    """Let the layer bring an environment variable, above the lines of the owners."""
    variable = f"\n# What {layer} needs.\n{layer.upper()}_OPTION=on\n"
    replace(
        template / "template/{{ level_1 }}/.env.example.jinja",
        r"\n# Your own variables",
        rf"{{% if {layer} %}}\n{variable}{{% endif %}}\n\g<0>",
    )


def replace(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, file.read_text("utf-8"))
    assert count == 1, (file, pattern, count)
    file.write_text(text, "utf-8")


def answers(**changes: object) -> dict[str, Any]:
    return answers_of(EXAMPLE) | changes


def new_project(template: Path, folder: Path, **changes: object) -> Path:
    """A committed project, with an .env of its owner's."""
    render(template, answers(**changes), folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder, "start")
    git(folder, "gc", "--quiet")
    (folder / ".env").write_text("API_PORT=9000\n")
    return folder


def new_paths(before: Path, after: Path) -> dict[str, str]:
    """Two paths that the template puts into a project, and a seed."""

    def new(name: str) -> list[str]:
        return sorted(listed(after, f".ferrata/{name}") - listed(before, f".ferrata/{name}"))

    first, second, *_ = new("template.txt")
    return {"new": first, "new_2": second, "new_seed": new("seeds.txt")[0]}


def copy_of(project: Path, folder: Path) -> Path:
    return shutil.copytree(project, folder, symlinks=True)


def update_command(project: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start `copier update` as its users do, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "copier", "update", "--trust", "--defaults", *arguments],
        cwd=project,
        env=os.environ,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
    )


def update(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Update a project by Copier alone."""
    with update_command(project, *arguments) as run:
        out, err = run.communicate()
    return subprocess.CompletedProcess(run.args, run.returncode, out, err)


def to(level: int, modules: Iterable[str] = ()) -> list[str]:
    """The arguments of an update to a level with modules, by the same version of the template."""
    given = f"--data=modules=[{', '.join(modules)}]"
    return ["--vcs-ref=:current:", f"--data=level={level}", given]


@dataclass(frozen=True)
class State:
    """Everything that a refused climb must not touch."""

    files: Mapping[str, bytes]
    status: str
    head: str
    staged: str


def state(project: Path) -> State:
    return State(
        files_of(project),
        git(project, "--no-optional-locks", "status", "--porcelain", "--ignored"),
        git(project, "rev-parse", "HEAD"),
        git(project, "ls-files", "--stage"),
    )


def listed(project: Path, name: str) -> set[str]:
    lines = (project / name).read_text("utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


@dataclass(frozen=True)
class Edit:
    """What owners did to their project, and what must come of a climb to level 2.

    One that is `alone` fits into no project with others; a climb that is refused `early` was not
    even tried in a copy.
    """

    name: str
    what: str
    steps: list[dict[str, Any]]
    committed: bool
    alone: bool
    early: bool
    code: int
    said: list[str]
    restored: list[str]


def edits() -> list[Edit]:
    found = []
    for file in sorted(EDITS.glob("*.yml")):
        data = yaml.safe_load(file.read_text("utf-8"))
        expected = data.get("expect", {})
        found.append(
            Edit(
                file.stem,
                data["what"],
                data["steps"],
                data.get("committed", True),
                data.get("alone", False),
                expected.get("early", False),
                expected.get("code", 0),
                expected.get("said", []),
                expected.get("restored", []),
            )
        )
    return found


def apply_edit(edit: Edit, project: Path, names: Mapping[str, str]) -> None:
    """Do to a project what the edit says.

    `<new>` and `<new_2>` stand for paths that only level 2 has, `<new_seed>` for one that a module
    seeds.
    """
    for step in edit.steps:
        [(verb, given)] = step.items()
        STEPS[verb](project, named(given, names))
    if edit.committed:
        commit_all(project, edit.what)


def named(given: Any, names: Mapping[str, str]) -> Any:
    if isinstance(given, str):
        return re.sub(r"<(\w+)>", lambda found: names.get(found[1], found[0]), given)
    if isinstance(given, dict):
        return {named(key, names): named(value, names) for key, value in given.items()}
    return [named(item, names) for item in given]


def _write(project: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, "utf-8")


def _append(project: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        with (project / path).open("a", encoding="utf-8") as file:
            file.write(text)


def _replace(project: Path, change: Mapping[str, str]) -> None:
    file = project / change["in"]
    text = file.read_text("utf-8")
    assert change["old"] in text, change
    file.write_text(text.replace(change["old"], change["new"]), "utf-8")


def _cut(project: Path, part: Mapping[str, str]) -> None:
    file = project / part["from"]
    before, _, rest = file.read_text("utf-8").partition(part["first"])
    _, found, after = rest.partition(part["until"])
    assert found, part
    file.write_text(before + found + after, "utf-8")


def _delete(project: Path, paths: list[str]) -> None:
    for path in paths:
        file = project / path
        shutil.rmtree(file) if file.is_dir() else file.unlink()


def _move(project: Path, pairs: Mapping[str, str]) -> None:
    for old, new in pairs.items():
        (project / new).parent.mkdir(parents=True, exist_ok=True)
        (project / old).rename(project / new)


def _crlf(project: Path, paths: list[str]) -> None:
    for path in paths:
        file = project / path
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def _ignore(project: Path, paths: list[str]) -> None:
    _append(project, {".git/info/exclude": "".join(f"/{path}\n" for path in paths)})


def _link(project: Path, pairs: Mapping[str, str]) -> None:
    for path, target in pairs.items():
        (project / path).symlink_to(target)


STEPS = {
    "write": _write,
    "append": _append,
    "replace": _replace,
    "cut": _cut,
    "delete": _delete,
    "move": _move,
    "crlf": _crlf,
    "ignore": _ignore,
    "link": _link,
}

"""The examples that come with the template."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from ferrata.answers import load
from ferrata.base import Exit, Failure, need_git, say, say_json
from ferrata.template import built_in, opened


def show_examples(*, as_json: bool) -> Exit:
    """List them, with a line each."""
    need_git()
    with opened(built_in()) as template:
        rows = [{"name": name, "about": _about(file)} for name, file in _files(template.tree)]
    if as_json:
        say_json({"examples": rows})
        return Exit.GREEN
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        say(f"{row['name']:<{width}}  {row['about']}")
    say("\nferrata new my_system --example NAME")
    return Exit.GREEN


def example_file(tree: Path, name: str) -> Path:
    """The answers file of an example."""
    files = dict(_files(tree))
    if name not in files:
        close = difflib.get_close_matches(name, files, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        there = ", ".join(files) or "none"
        raise Failure(f"there is no example {name!r}; there are: {there}{meant}")
    return files[name]


def _files(tree: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(tree.glob("examples/*/answers.yml")):
        yield file.parent.name, file


def _about(file: Path) -> str:
    answers = load(file)
    problem = " ".join(str(answers["problem"]).split())
    sentence = problem.partition(". ")[0].rstrip(".")
    return f"{answers['project_name']}: {sentence}."

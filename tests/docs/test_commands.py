"""What the README and the documentation tell to type is typed, and prints what they show."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, Block, blocks, missing_line
from tests.docs.shell import Shell
from tests.support import run

SHELL = [page for page in PAGES if any(block.is_shell for block in blocks(page))]

DOCKER = "needs Docker; tests/docker runs the containers"
NETWORK = "downloads Copier; tests/cli/test_hook.py and tests/template run plain Copier"
NOT_RUN = {
    ("docs/how-to/run-a-project.md", "make up"): DOCKER,
    ("docs/how-to/use-plain-copier.md", "uvx --with jsonschema --with copier-template-extensions copier copy --trust TEMPLATE my_system"): NETWORK,
    ("docs/how-to/use-plain-copier.md", "uvx --with jsonschema --with copier-template-extensions copier copy --trust --defaults"): NETWORK,
    ("docs/how-to/complete-a-partial-file.md", "ferrata new my_system --answers partial.yml"): "asks on a terminal; tests/cli/test_completing.py types the answers",
}  # fmt: skip

# The exit codes of commands that are shown failing.
FAILING = {
    ("docs/tutorial/first-project.md", "mkdir -p build"): 1,
    ("docs/how-to/validate-a-brief.md", "sed 's/^level:/levle:/' answers.yml > misspelt.yml"): 1,
    ("docs/how-to/hand-over.md", "echo '# Notes' > my_system/services/NOTES.md"): 1,
}
NEW_COLUMN = "    note: Mapped[str | None] = mapped_column(sa.String(80))\n"


def key(block: Block) -> tuple[str, str]:
    return block.page, block.first


@pytest.fixture(scope="session")
def quick(clone) -> Path:
    """A clone whose projects have quick gates, for every page but the tutorial."""
    folder: Path = clone("quick")
    return folder


@pytest.fixture(scope="session")
def my_system(quick: Path) -> Path:
    """A project in that clone, generated, committed and checked."""
    made = run(quick, ".venv/bin/ferrata", "new", "made", "--answers", "answers.yml")
    assert made.returncode == 0, made.stdout + made.stderr
    return quick / "made"


@pytest.fixture
def desk(request, place) -> Callable[[str], tuple[Path, Path]]:
    """Where the commands of a page are typed, and the tools there."""

    def folder(page: str) -> tuple[Path, Path]:
        if page == "docs/tutorial/first-project.md":
            clone = request.getfixturevalue("clone")("full", quick=False)
            return clone, clone / ".venv/bin"
        quick = request.getfixturevalue("quick")
        if page in {"docs/how-to/hand-over.md", "docs/how-to/run-a-project.md"}:
            project = request.getfixturevalue("my_system")
            here = place / Path(page).stem
            shutil.copytree(project, here / "my_system", symlinks=True)
            _with_a_new_column(here / "my_system") if "run" in page else None
            return (here / "my_system" if "run" in page else here), quick / ".venv/bin"
        return quick, quick / ".venv/bin"

    return folder


def _with_a_new_column(project: Path) -> None:
    """Something to write a migration for."""
    (model,) = project.glob("services/*_data_postgres_api/src/*/models/task.py")
    model.write_text(model.read_text("utf-8") + NEW_COLUMN, "utf-8")


@pytest.mark.parametrize("page", SHELL)
def test_the_commands_of_a_page(page: str, desk, shell_in) -> None:
    folder, tools = desk(page)
    shell: Shell = shell_in(folder, tools)
    printed: str | None = None
    for block in blocks(page):
        where = f"{page}:{block.line}: {block.first}"
        if block.is_shell:
            printed = None if key(block) in NOT_RUN else _typed(shell, block, where)
        elif block.path is not None:
            (folder / block.path).write_text(block.text.split("\n", 1)[1], "utf-8")
        elif block.language in {"text", "json"} and printed is not None:
            assert (line := missing_line(block.text, printed)) is None, (
                f"{where}: {line}\n{printed}"
            )


def _typed(shell: Shell, block: Block, where: str) -> str:
    code, printed = shell.run(block)
    assert code == FAILING.get(key(block), 0), f"{where}\n{printed}"
    return printed


def test_the_tables_name_blocks_that_are_there() -> None:
    there = {key(block) for page in SHELL for block in blocks(page) if block.is_shell}
    assert {*NOT_RUN, *FAILING} <= there


def test_answers_that_are_shown_fit_the_schema() -> None:
    """Blocks of JSON are whole documents, but for what `...` stands for."""
    for page in PAGES:
        for block in blocks(page):
            if block.language == "json":
                json.loads(block.text)

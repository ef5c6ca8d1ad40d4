"""What the README and the documentation tell to type is typed, and prints what they show."""

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests import turns
from tests.docs.pages import PAGES, Block, blocks, missing_line
from tests.docs.shell import Shell
from tests.support import commit_all, git, with_layers

SHELL = [page for page in PAGES if any(block.is_shell for block in blocks(page))]
STORY = "docs/tutorial/from-poc-to-level-2.md"
ALL_GATES = {"docs/tutorial/first-project.md", STORY}
# They run many gates; the README has a climb with gates too.
LONG = {
    *ALL_GATES,
    "docs/how-to/add-a-module.md",
    "docs/how-to/add-an-entity.md",
    "docs/how-to/change-a-field.md",
    "docs/how-to/climb.md",
}

PORTS = "the same start; tests/project/test_running.py starts every project with such ports"
DOCKER = "needs Docker; tests/docker runs the containers"
NETWORK = "downloads Copier; tests/cli/test_hook.py and tests/template run plain Copier"
NOT_RUN = {
    ("README.md", "uvx --with jsonschema --with copier-template-extensions copier copy --trust https://github.com/ferrata-dev/ferrata my_system"): "downloads Copier; tests/docs/test_plain_copier.py runs it",
    ("docs/how-to/run-a-project.md", "make up"): DOCKER,
    ("docs/how-to/run-a-project.md", "API_PORT=8010 DATA_PORT=8011 make dev"): PORTS,
    ("docs/how-to/use-plain-copier.md", "uvx --with jsonschema --with copier-template-extensions copier copy --trust TEMPLATE my_system"): NETWORK,
    ("docs/how-to/use-plain-copier.md", "uvx --with jsonschema --with copier-template-extensions copier copy --trust --defaults"): NETWORK,
    ("docs/how-to/complete-a-partial-file.md", "ferrata climb my_system --set 'scope_in=[Loans, Repayments]'"): "goes on with what was typed on a terminal; tests/cli/test_first_hours.py begins with --minimal",
    ("docs/how-to/complete-a-partial-file.md", "ferrata new my_system --answers partial.yml"): "asks on a terminal; tests/cli/test_completing.py types the answers",
}  # fmt: skip

if shutil.which("rabbitmq-server") is None:
    EVENTS = (
        "docs/how-to/add-a-module.md",
        "sleep 5; curl -s http://127.0.0.1:8001/api/v1/daily-counts",
    )
    NOT_RUN[EVENTS] = "needs rabbitmq-server, which is not on this machine"

# The exit codes of commands that are shown failing.
FAILING = {
    ("docs/tutorial/first-project.md", "mkdir -p build"): 1,
    (STORY, ".venv/bin/ferrata handoff build/p2p"): 1,
    ("docs/how-to/validate-a-brief.md", "sed 's/^level:/levle:/' answers.yml > misspelt.yml"): 1,
    ("docs/how-to/hand-over.md", "echo '# Notes' > my_system/services/NOTES.md"): 1,
}
NEW_COLUMN = "    note: Mapped[str | None] = mapped_column(sa.String(80))\n"


# Pages whose projects are there before the first command.
OWN_CLONES = {
    "docs/how-to/add-a-module.md": "growing",
    "docs/how-to/add-an-entity.md": "growing",
    "docs/how-to/change-a-field.md": "growing",
    "docs/how-to/climb.md": "climbing",
    "docs/how-to/upgrade-the-template.md": "upgrading",
}


def key(block: Block) -> tuple[str, str]:
    return block.page, block.first


@pytest.fixture(scope="session")
def quick(clone) -> Path:
    """A clone whose projects have quick gates, for every page but the tutorials."""
    folder: Path = clone("quick")
    return folder


@pytest.fixture(scope="session")
def readme(quick: Path, opened: Callable[[Path, Path], Shell]) -> Path:
    """The clone after the commands of the README: it has the projects build/demo and my_system."""
    with_layers("level_2")  # to which they climb
    shell = opened(quick, quick / ".venv/bin")
    type_all("README.md", shell)
    shell.stop()
    return quick


@pytest.fixture
def desk(request) -> Callable[[str], tuple[Path, Path]]:
    """Where the commands of a page are typed, and the tools there."""

    def folder(page: str) -> tuple[Path, Path]:
        if page in ALL_GATES:
            clone = request.getfixturevalue("clone")(Path(page).stem, quick=False)
            return clone, clone / ".venv/bin"
        if page in OWN_CLONES:
            clone = request.getfixturevalue(OWN_CLONES[page])
            return clone, clone / ".venv/bin"
        quick = request.getfixturevalue("quick")
        if page == "docs/how-to/hand-over.md":
            request.getfixturevalue("readme")
        if page != "docs/how-to/run-a-project.md":
            return quick, quick / ".venv/bin"
        project = request.getfixturevalue("readme") / "build/demo"
        _with_a_new_column(project)
        return project, quick / ".venv/bin"

    return folder


@pytest.fixture
def climbing(clone, opened) -> Path:
    """A clone with two projects at level 1."""
    folder: Path = clone("climbing")
    _new(folder, "my_system", opened)
    _new(folder, "my_other_system", opened)
    return folder


@pytest.fixture
def growing(clone, opened) -> Path:
    """A clone with a project without modules."""
    folder: Path = clone("growing")
    _new(folder, "my_system", opened)
    return folder


@pytest.fixture
def upgrading(clone, opened) -> Path:
    """A clone with a project of v0.1.0 and a v0.2.0 of the template."""
    folder: Path = clone("upgrading")
    git(folder, "tag", "v0.1.0")
    with (folder / "template/{{ level_1 }}/tools/README.md").open("a", encoding="utf-8") as page:
        page.write("\nLater.\n")
    commit_all(folder, "later")
    git(folder, "tag", "v0.2.0")
    _new(folder, "my_system --ref v0.1.0", opened)
    return folder


def _new(folder: Path, arguments: str, opened) -> None:
    """A project without its gates, which the first command of a page finds there."""
    text = f"ferrata new {arguments} --answers answers.yml --no-gates\n"
    code, printed = opened(folder, folder / ".venv/bin").run(Block("", 0, "", text))
    assert code == 0, printed


def _with_a_new_column(project: Path) -> None:
    """Something to write a migration for."""
    (model,) = project.glob("services/*_data_postgres_api/src/*/models/task.py")
    model.write_text(model.read_text("utf-8") + NEW_COLUMN, "utf-8")


@turns.pages
def test_the_commands_of_the_readme(readme: Path) -> None:
    assert (readme / "build/demo/.copier-answers.yml").is_file()
    assert (readme / "my_system/artifacts/deliverables.md").is_file()


@turns.pages
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.long if page in LONG else [])
        for page in SHELL
        if page != "README.md"
    ],
)
def test_the_commands_of_a_page(page: str, desk, opened) -> None:
    shell = opened(*desk(page))
    type_all(page, shell)
    shell.stop()


def type_all(page: str, shell: Shell) -> None:
    """Type every command, write every file, compare what is printed with what is shown."""
    printed: str | None = None
    for block in blocks(page):
        where = f"{page}:{block.line}: {block.first}"
        if block.is_shell:
            printed = None if key(block) in NOT_RUN else _typed(shell, block, where)
        elif block.path is not None:
            (shell.folder / block.path).write_text(block.text.split("\n", 1)[1], "utf-8")
        elif block.language in {"text", "json"} and printed is not None:
            line = missing_line(block.text, printed)
            assert line is None, f"{where}: {line}\n{printed}"


def _typed(shell: Shell, block: Block, where: str) -> str:
    code, printed = shell.run(block)
    assert code == FAILING.get(key(block), 0), f"{where}\n{printed}"
    return printed


def test_the_tables_name_blocks_that_are_there() -> None:
    there = {key(block) for page in SHELL for block in blocks(page) if block.is_shell}
    assert {*NOT_RUN, *FAILING} <= there


LANGUAGES = {"", "text", "json", "yaml", "toml", "python"}


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_what_they_say(page: str) -> None:
    """A block in another language would be neither typed nor read."""
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{page}:{block.line}"
        match block.language:
            case "json":
                json.loads(block.text)
            case "yaml":
                assert isinstance(yaml.safe_load(block.text), dict)
            case "toml":
                tomllib.loads(block.text)
            case "python":
                assert block.path, f"{page}:{block.line}: its first line must say where it belongs"

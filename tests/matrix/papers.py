"""The documents of a project name all that it has: folders, services, tables, endpoints, events, work."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import PurePosixPath

import yaml

from tests.matrix.renderer import Rendered

INTAKE = "artifacts/requirements/intake.md"
PLAN = "artifacts/plans/implementation-plan.md"
MAPS = ("README.md", "AGENTS.md")
# What is looked for by its name, though it lies deeper.
INNER = ("services/*", "modules/*")
PREFIX = re.compile(r'APIRouter\(\s*prefix=(?:"([^"]*)"|(\w+))')
ROUTE = re.compile(r'^ *@router\.(get|post|put|patch|delete)\(\s*"([^"]*)"', re.MULTILINE)
TABLE = re.compile(r'__tablename__ = "(\w+)"')
COLUMN = re.compile(r"^    (\w+): Mapped", re.MULTILINE)
EVENT = re.compile(r'^    type: Literal\["([\w.]+)"\]', re.MULTILINE)
CONSUMER = re.compile(r'\bConsumer\(\s*"(\w+)"')
SECTION = re.compile(r"^#{2,4} ", re.MULTILINE)
HEADING = re.compile(r"^#### ((?:FR|NF)-\d+):", re.MULTILINE)


def untold(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Say what the documents leave out, and what they tell that is not there."""
    yield from _folders(rendered)
    services = _services(rendered)
    told = _rows(rendered, "4. Architecture mapping")
    yield from _both(INTAKE, "the service", told, (f"{n} {p}" for n, p in services.items()), (0, 2))
    names = services.keys() | _containers(rendered)
    yield from _both(
        INTAKE, "the container", _rows(rendered, "Infrastructure"), names - services.keys(), (1,)
    )
    yield from _both(
        INTAKE, "the table", _rows(rendered, "Data model"), _found(rendered, TABLE, "/src/")
    )
    yield from _both(
        INTAKE, "the endpoint", _rows(rendered, "Endpoints"), _endpoints(rendered), (0, 1)
    )
    yield from _columns(rendered)
    events = _rows(rendered, "Events")
    yield from _both(
        INTAKE, "the event", events, _found(rendered, EVENT, "shared/src/shared/events/")
    )
    heard = [[name] for row in events for name in re.findall(r"`(\w+)` in `\w+`", row[-1])]
    yield from _both(INTAKE, "the consumer", heard, _found(rendered, CONSUMER, "/consumers/"))
    asked = tomllib.loads(rendered.text("tools/requirements.toml"))["requirements"]
    listed = [[name] for name in HEADING.findall(rendered.text(PLAN))]
    yield from _both(PLAN, "the requirement", listed, asked)


def _both(
    document: str,
    what: str,
    rows: Iterable[list[str]],
    there: Iterable[str],
    columns: tuple[int, ...] = (0,),
) -> Iterator[tuple[str, str]]:
    """Compare what some columns of the rows tell with what is there."""
    told = {" ".join(row[column].strip("`") for column in columns) for row in rows}
    wanted = set(there)
    for name in sorted(wanted - told):
        yield document, f"does not tell of {what} {name}"
    for name in sorted(told - wanted):
        yield document, f"tells of {what} {name}, which is not there"


def _folders(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Every folder at the top, every service and every module is named in both maps."""
    folders = {str(parent) for path in rendered.files for parent in PurePosixPath(path).parents}
    wanted = [
        folder
        for folder in folders - {".", "services", "modules"}
        if ("/" not in folder and not folder.startswith("."))
        or any(fnmatchcase(folder, one) and folder.count("/") == 1 for one in INNER)
    ]
    for path in MAPS:
        for folder in sorted(wanted):
            if f"| `{folder}` |" not in rendered.text(path):
                yield path, f"does not name the folder {folder}"


def _columns(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """The columns that every record has are told with each table of an entity."""
    models = rendered.text("chassis/src/chassis/database/models.py")
    for row in _rows(rendered, "Data model"):
        for column in COLUMN.findall(models):
            if "`id`" in row[1] and f"`{column}`" not in row[1]:
                yield INTAKE, f"does not tell of the column {column} of {row[0]}"


def _services(rendered: Rendered) -> dict[str, str]:
    """Every service that `make dev` runs, with its port."""
    runs = tomllib.loads(rendered.text("tools/services.toml"))
    services = {**runs["services"], **runs.get("processes", {})}
    return {name: str(service.get("port", "none")) for name, service in services.items()}


def _containers(rendered: Rendered) -> set[str]:
    """What the Compose file includes, by name; not what owners add."""
    included = yaml.safe_load(rendered.text("docker-compose.yml"))["include"]
    files = [one if isinstance(one, str) else one["path"][0] for one in included]
    return {PurePosixPath(file).stem for file in files if not file.startswith("deploy/local/")}


def _found(rendered: Rendered, pattern: re.Pattern[str], place: str) -> set[str]:
    """What a pattern finds in the Python files of a place."""
    return {
        name
        for path, content in rendered.files.items()
        if place in path and path.endswith(".py") and "/tests/" not in path
        for name in _all(pattern, content)
    }


@cache
def _all(pattern: re.Pattern[str], content: bytes) -> tuple[str, ...]:
    return tuple(pattern.findall(content.decode("utf-8", "replace")))


def _endpoints(rendered: Rendered) -> set[str]:
    found = set()
    for path, content in rendered.files.items():
        if "/src/" in path and path.endswith(".py") and b"@router." in content:
            prefix = _prefix(rendered, path)
            for method, rest in _all(ROUTE, content):
                found.add(f"{method.upper()} {prefix}{rest}")
    return found


def _prefix(rendered: Rendered, path: str) -> str:
    """What all routes of a file begin with; it may be a name that another file gives."""
    text = rendered.text(path)
    found = PREFIX.search(text)
    if found is None or found[1] is not None:
        return found[1] if found else ""
    given = re.compile(rf'^{found[2]}(?:: Final)? = "([^"]+)"', re.MULTILINE)
    package = path.partition("/src/")[0]
    places = [path, f"{package}/src/"]
    named = rf"^from ([\w.]+) import (?:\([^()]*?|[^()\n]*?)\b{found[2]}\b"
    if imported := re.search(named, text, re.MULTILINE):
        places.insert(1, f"/src/{imported[1].replace('.', '/')}.py")
    (prefix,) = next(names for place in places if (names := _found(rendered, given, place)))
    return prefix


def _rows(rendered: Rendered, heading: str) -> list[list[str]]:
    """The cells of the tables below a heading of the intake, without those of their heads."""
    text = rendered.text(INTAKE)
    start = re.search(rf"^#+ {re.escape(heading)}$", text, re.MULTILINE)
    if start is None:
        return []
    section = SECTION.split(text[start.end() :], maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    rows = [line.strip("| ").split(" | ") for line in lines]
    return [
        row
        for row in rows
        if row[0] not in {"---", "service", "part", "table", "table besides", "method", "event"}
    ]

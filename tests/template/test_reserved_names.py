"""Names that an entity or field may not have are exactly those that would break generated code."""

import builtins
import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from pydantic import BaseModel

from ferrata.planning import Combination, combinations, sample
from tests.matrix.renderer import Renderer
from tests.support import ROOT, brief, extension, room
from tests.template.scopes import met
from tests.template.source import DEVICES, path_faults

RESERVED = room("checks.reserved")
LAYER = re.compile(r"{{ (\w+) }}")
# What a migration makes: `create_table("loans"`, `create_index("ix_..."`, `name="pk_loans"`.
MADE = re.compile(r'(?:create_table\(|create_index\(|name=)\s*"(\w+)"')
# The table of a model beside those of a project, and the line after its name.
TABLE = re.compile(r'class \w+\([\w, ]*\bBase\):\n[^:=]*__tablename__ = "(\w+)".*\n(.*)')


@pytest.mark.parametrize("everywhere", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_name_that_generated_code_uses_is_refused(*, everywhere: bool) -> None:
    hidden = {
        form: {name for name in names if not hasattr(builtins, name)}
        for form, names in met(everywhere=everywhere).names.items()
        if form != "{field}"
    }

    assert {form: names for form, names in hidden.items() if names} == RESERVED.TAKEN


def made_by_layers() -> dict[str, set[str]]:
    """Tables, indexes and parts of paths, by the layer that brings them."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in (ROOT / "template").rglob("migrations/**/*.py"):
        layer = LAYER.findall(str(file))[0]
        found[layer] |= {*MADE.findall(file.read_text("utf-8"))}
    for row in extension().catalog()["endpoints"]:
        parts = row["path"].split("/")
        if row["path"].startswith("/api/v1/") and not parts[3].startswith("{"):
            found[row.get("module", "")].add(parts[3].replace("-", "_"))
    return found


def test_tables_indexes_and_paths_of_layers_are_refused() -> None:
    """Those of levels always, as others may come later; those of a module where it is chosen."""
    found = made_by_layers()

    assert found
    for layer, names in found.items():
        refused = RESERVED.RELATIONS_OF.get(layer, RESERVED.RELATIONS)
        assert names <= refused, f"{layer}: {names - refused}"


@pytest.mark.about("built_in", "files")
def test_what_layers_make_is_found() -> None:
    found = made_by_layers()

    assert {"auth_users"} <= found["built_in"]
    assert {"ix_stored_files_owner", "files"} <= found["files"]


def test_no_table_of_tests_is_in_the_way_of_one_of_the_project() -> None:
    """All tests of a project run in one process, in which its own tables are, too."""
    entity = json.loads((ROOT / "schemas/answers.schema.json").read_text("utf-8"))["$defs"]["entity"]
    longest = entity["properties"]["plural"]["maxLength"]
    tables = {
        (file.name, table): following
        for file in (ROOT / "template").rglob("tests/**/*.py")
        for table, following in TABLE.findall(file.read_text("utf-8"))
    }

    assert ("test_repository.py", "shelves") in tables
    for (file, table), following in tables.items():
        apart = following.strip().startswith("metadata = sa.MetaData()")
        assert apart or len(table) > longest, f"{file}: {table}"


def test_a_field_is_not_called_as_what_its_class_is_made_of() -> None:
    refused = set().union(*(names for names, _ in RESERVED.FIELDS))

    assert met().names["{field}"] <= refused


@pytest.mark.about("rabbitmq", "workers")
def test_forms_that_meet_in_a_module_are_compared() -> None:
    assert met().together == set(RESERVED.OWN)
    assert met().across == {frozenset(forms) for forms in RESERVED.ACROSS}


def test_attributes_of_pydantic_models_are_refused() -> None:
    attributes = {name for name in dir(BaseModel) if not name.startswith("_")}
    refused = next(names for names, why in RESERVED.FIELDS if "pydantic" in why)

    assert attributes - {"model_config"} <= refused


def named(name: str, plural: str) -> list[dict[str, object]]:
    """One entity, whose number has a limit and so a rule."""
    field = {"name": "size", "type": "integer", "minimum": 1}
    return [{"name": name, "plural": plural, "fields": [field]}]


Asked = Callable[[], list[Combination]]


def fullest() -> list[Combination]:
    """All layers together, with each choice."""
    asked = combinations(extension())
    most = max(len(one.answers["modules"]) for one in asked)
    return [one for one in asked if len(one.answers["modules"]) == most]


def pairs() -> list[Combination]:
    """Each pair of layers."""
    return sample(extension(), combinations(extension()))


WITH_EACH = pytest.mark.parametrize(
    "asked",
    [
        pytest.param(fullest, id="everything"),
        # Where a layer is not there, another one may have a file in its place.
        pytest.param(pairs, id="pairs", marks=pytest.mark.long),
    ],
)


@WITH_EACH
@pytest.mark.about("level_3", "rabbitmq", "realtime", "payments", "communications")
def test_a_name_of_a_file_beside_those_of_an_entity_is_refused(asked: Asked) -> None:
    """Whatever the level and the modules are: a project gets more of both later."""
    names, plurals, renderer = set[str](), set[str](), Renderer(ROOT)
    for one in asked():
        answers = brief() | one.answers | {"entities": named("qzebra", "qzebras")}
        paths = [*renderer.render(answers).files]
        for path in paths:
            for parent in PurePosixPath(path).parents:
                names |= others(parent, "qzebra", paths)
                plurals |= others(parent, "qzebras", paths)

    refused = RESERVED.MODULES
    assert plurals <= refused, plurals - refused
    assert names <= refused | RESERVED.PACKAGES, names - refused
    assert names >= RESERVED.PACKAGES


def others(folder: PurePosixPath, name: str, paths: list[str]) -> set[str]:
    """What stands in a folder beside what has this name, less what the name has around itself."""
    prefix = f"{folder}/"
    there = {path.removeprefix(prefix).split("/")[0] for path in paths if path.startswith(prefix)}
    stems = {entry.split(".")[0] for entry in there} - {"__init__", "py"}
    own = {re.fullmatch(rf"((?:test_)?){name}(_rules)?", stem) for stem in stems}
    found = set[str]()
    for before, after in {(of[1], of[2] or "") for of in own if of}:
        for stem in stems:
            other = re.fullmatch(rf"{before}([a-z]\w*){after}", stem)
            if other and "qzebra" not in stem:
                found.add(other[1])
    return found


@pytest.mark.parametrize("device", sorted(RESERVED.DEVICES))
def test_a_device_of_windows_is_no_name_of_an_entity(device: str) -> None:
    assert DEVICES.fullmatch(f"{device}.py")
    for key, entities in (
        ("name", named(device, "things")),
        ("plural", named("thing", device)),
    ):
        [problem] = extension().problems(brief() | {"entities": entities})
        assert problem.path == f"entities[0].{key}"
        assert f"{device!r} is a device on Windows" in problem.message
        assert "\n" not in problem.message


def test_every_device_is_refused() -> None:
    ports = [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]

    assert {"aux", "con", "nul", "prn", *ports} == RESERVED.DEVICES


@WITH_EACH
def test_a_device_may_be_part_of_what_a_service_is_called(asked: Asked) -> None:
    answers = brief() | {"context": "con", "domain": "aux", "function": "nul"}
    answers |= {"function_reason": "a fourth part", "modules": [], "level": 1}
    renderer = Renderer(ROOT)
    assert extension().problems(answers) == []

    for one in asked():
        for path in renderer.render(answers | one.answers).files:
            assert [*path_faults(path)] == []

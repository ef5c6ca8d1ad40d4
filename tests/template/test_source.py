"""The template as source: the rules that its layers keep."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support import ROOT, extension

TEMPLATE = ROOT / "template"
FILES = sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
PYTHON = [path for path in FILES if path.name.removesuffix(".jinja").endswith((".py", "{% endyield %}.py"))]


def _name(path: Path) -> str:
    return path.relative_to(TEMPLATE).as_posix()


@pytest.mark.parametrize("path", PYTHON, ids=_name)
def test_python_has_no_conditions(path: Path) -> None:
    found = re.search(r"{%-?\s*(if|elif|else)\b", path.read_text("utf-8"))

    assert found is None, "compose whole files, or work it out in the data model"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_only_files_with_jinja_are_rendered(path: Path) -> None:
    has_jinja = re.search(r"{{|{%|{#", path.read_text("utf-8")) is not None

    assert has_jinja or path.suffix != ".jinja", "a static file needs no .jinja suffix"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_names_are_legal_on_windows(path: Path) -> None:
    parts = path.relative_to(TEMPLATE).parts

    assert all(re.search(r'[<>:"|?*\\]|[. ]$', part) is None for part in parts)


def test_layers_are_named_after_levels_and_modules() -> None:
    catalog = extension().catalog()
    known = {f"level_{entry['level']}" for entry in catalog["levels"]}
    known |= {module["name"] for module in catalog["modules"]}
    layers = {path.name.strip("{} ") for path in TEMPLATE.iterdir() if path.is_dir()}

    assert layers <= known


def test_what_has_a_layer_is_available_and_nothing_else() -> None:
    catalog = extension().catalog()
    layers = {path.name.strip("{} ") for path in TEMPLATE.iterdir() if path.is_dir()}
    available = {f"level_{entry['level']}" for entry in catalog["levels"] if entry["available"]}
    available |= {module["name"] for module in catalog["modules"] if module["available"]}

    assert layers == available


def test_questions_and_schema_name_the_same_answers() -> None:
    asked: dict[str, dict[str, object]] = {}
    for file in (ROOT / "questions").glob("*.yml"):
        asked |= yaml.safe_load(file.read_text("utf-8"))
    visible = {name for name, question in asked.items() if question.get("when") is not False}

    assert visible == set(extension().schema()["properties"])


def test_questions_and_schema_offer_the_same_choices() -> None:
    schema = extension().schema()["properties"]
    level = yaml.safe_load((ROOT / "questions" / "level.yml").read_text("utf-8"))
    identity = yaml.safe_load((ROOT / "questions" / "identity.yml").read_text("utf-8"))

    def values(question: dict[str, dict[str, object]]) -> list[object]:
        return [c["value"] if isinstance(c, dict) else c for c in question["choices"].values()]

    assert values(level["level"]) == schema["level"]["enum"]
    assert values(level["modules"]) == schema["modules"]["items"]["enum"]
    assert identity["license"]["choices"] == schema["license"]["enum"]
    assert identity["license"]["default"] == schema["license"]["default"]


def test_catalog_and_schema_name_the_same_levels_modules_and_types() -> None:
    schema, catalog = extension().schema(), extension().catalog()
    types = schema["$defs"]["field"]["properties"]["type"]["enum"]

    assert [entry["level"] for entry in catalog["levels"]] == schema["properties"]["level"]["enum"]
    names = [module["name"] for module in catalog["modules"]]
    assert names == schema["properties"]["modules"]["items"]["enum"]
    assert list(catalog["field_types"]) == types


def test_every_feature_belongs_to_a_known_phase_level_and_module() -> None:
    catalog = extension().catalog()
    phases = {phase["phase"] for phase in catalog["phases"]}
    modules = {None, *(module["name"] for module in catalog["modules"])}

    assert {feature["phase"] for feature in catalog["features"]} <= phases
    assert {feature.get("module") for feature in catalog["features"]} <= modules
    names = [feature["name"] for feature in catalog["features"] if "module" not in feature]
    assert len(names) == len(set(names))


def test_joints_are_listed() -> None:
    """Everything that asks for the level or the catalog is a joint, and every joint exists."""
    joints = set(extension().catalog()["joints"])
    asking = {_name(path) for path in FILES if re.search(r"catalog\(|\blevel_[1-4]\b(?! }}/)|[{(,] ?level\b|phases\(|_copier_answers", path.read_text("utf-8")) and path.suffix == ".jinja"}

    assert asking <= joints
    assert all((TEMPLATE / joint).is_file() for joint in joints)


def test_no_two_layers_have_a_path_in_common() -> None:
    seen: dict[str, str] = {}
    for path in FILES:
        layer, _, rest = _name(path).partition("/")
        rest = rest.removesuffix(".jinja")
        assert seen.setdefault(rest, layer) == layer, rest

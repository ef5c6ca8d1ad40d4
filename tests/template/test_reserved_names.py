"""Names that an entity or field may not have are exactly those that would break generated code."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from tests.support import answers_of, extension

# Names that follow from the entities of the task manager and telemedicine.
ENTITIES = {"task_manager", "telemedicine"}


def names_used(project: Path) -> set[str]:
    """Every class that a module of the owner's code imports or defines."""
    found: set[str] = set()
    for path in [*project.glob("services/**/*.py"), *project.glob("shared/**/*.py")]:
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.ImportFrom(names=names):
                    found |= {name.asname or name.name for name in names}
                case ast.ClassDef(name=name):
                    found.add(name)
    return {name for name in found if re.fullmatch(r"(?:[A-Z][a-z0-9]+)+", name)}


def derived(name: str, entities: list[str]) -> bool:
    """Tell whether a class belongs to an entity."""
    return any(entity in name for entity in entities)


def test_a_name_that_generated_code_uses_is_refused(rendered: Callable[[str], Path]) -> None:
    used: set[str] = set()
    for example in ENTITIES:
        model = extension().data_model(answers_of(example)["entities"])
        own = [entity["class"] for entity in model["entities"]]
        used |= {name for name in names_used(rendered(example)) if not derived(name, own)}
        plurals = {entity["classes"] for entity in model["entities"]}
        used -= {name for name in used if any(plural in name for plural in plurals)}

    assert used == set(extension().RESERVED_CLASSES)


def test_attributes_of_pydantic_models_are_refused() -> None:
    attributes = {name for name in dir(BaseModel) if not name.startswith("_")}
    refused = next(names for names, why in extension().RESERVED_FIELDS if "pydantic" in why)

    assert attributes - {"model_config"} <= refused

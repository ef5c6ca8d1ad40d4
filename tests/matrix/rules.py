"""The rules as they will be when more levels, modules and providers are available."""

import copy
from types import SimpleNamespace
from typing import Any

from tests.support import extension


def future(*, modules: set[str] | None = None, providers: dict[str, Any] | None = None) -> Any:
    """The rules with every level and these modules available; None: all modules."""
    catalog = copy.deepcopy(extension().catalog())
    for level in catalog["levels"]:
        level["available"] = True
    for module in catalog["modules"]:
        module["available"] = modules is None or module["name"] in modules
    properties = extension().schema()["properties"]
    if providers is not None:
        properties = {n: of for n, of in properties.items() if "x-provider" not in of} | providers
    schema = {"properties": properties}
    return SimpleNamespace(
        catalog=lambda: catalog,
        schema=lambda: schema,
        closure=extension().closure,
        layers=extension().layers,
    )

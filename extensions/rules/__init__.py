"""The rules of a version of the template: what Copier, ferrata and the hooks take from it.

Each room stands on those before it, none on one after it:

- `catalog`, `selection`, `names`: what there is to choose from, what a choice brings, forms of names;
- `layers`: what templates know by name besides the answers;
- `entities`: the data model, names, types and samples worked out for the templates;
- `checks`: what is wrong with answers, all at once;
- `layout`: generated Python as the formatter would leave it;
- `parts`, `files`, `documents`: what a project consists of, its files and their owners, its texts;
- `papers`: what its documents tell of it: endpoints, events, the work list;
- `extension`: what Copier calls.
"""

from .catalog import CatalogError, catalog, schema, schema_at
from .checks import Problem, problems, refused_changes, unavailable, warnings
from .documents import cell, item, prose, sentence
from .entities import data_model
from .extension import OPTIONAL_TEXTS, Answers
from .files import (
    FINGERPRINT_FILE,
    SEEDS_FILE,
    TEMPLATE_FILE,
    expanded,
    fingerprint,
    owner,
)
from .layers import derived, service_names
from .layout import as_members, python
from .open_answers import opened, question
from .papers import closing_endpoints, described_events, infrastructure, work_list
from .selection import closure, features, layers

__all__ = [
    "FINGERPRINT_FILE",
    "OPTIONAL_TEXTS",
    "SEEDS_FILE",
    "TEMPLATE_FILE",
    "Answers",
    "CatalogError",
    "Problem",
    "as_members",
    "catalog",
    "cell",
    "closing_endpoints",
    "closure",
    "data_model",
    "derived",
    "described_events",
    "expanded",
    "features",
    "fingerprint",
    "infrastructure",
    "item",
    "layers",
    "opened",
    "owner",
    "problems",
    "prose",
    "python",
    "question",
    "refused_changes",
    "schema",
    "schema_at",
    "sentence",
    "service_names",
    "unavailable",
    "warnings",
    "work_list",
]

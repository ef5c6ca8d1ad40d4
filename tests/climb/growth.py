"""What the tests of growing in breadth share: the entities that are added, and the commands."""

import importlib
from types import ModuleType
from typing import Any

from ferrata.template import updates

NOTE: dict[str, Any] = {
    "name": "note",
    "fields": [
        {"name": "task_id", "type": "reference", "references": "task", "required": True},
        {"name": "body", "type": "text", "required": True},
        {"name": "kind", "type": "enum", "values": ["question", "remark"], "default": "remark"},
    ],
}
FIELDS = ("stage:enum=idea:plan,default=idea", "parent_id:reference=task", "code:string,unique")
DATA, API = "services/team_data_postgres_api", "services/team_tasks_api"
VERSIONS = f"{DATA}/migrations/versions"
ROUTERS = f"{API}/src/team_tasks_api/api/routers.py"


def machine(name: str) -> ModuleType:
    """A module of the machine of updates."""
    return importlib.import_module(f"{updates().updating().__name__}.{name}")

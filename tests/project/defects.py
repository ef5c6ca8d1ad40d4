"""Defects as data: one mistake each, and the gate that has to find it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

API = "services/team_tasks_api/src/team_tasks_api"
DATA = "services/team_data_postgres_api/src/team_data_postgres_api"


@dataclass(frozen=True)
class Defect:
    """A text put into (or appended to) a file of the task manager.

    `named` is what the gate's log has to say, so that a reader finds the place.
    """

    name: str
    gate: str
    file: str
    old: str
    new: str
    named: str

    @contextmanager
    def injected(self, project: Path) -> Iterator[None]:
        """Put the defect in, and take it out again."""
        path = project / self.file
        before = path.read_text("utf-8") if path.exists() else None
        text = before or ""
        assert self.old in text
        path.write_text(
            text.replace(self.old, self.new, 1) if self.old else text + self.new, "utf-8"
        )
        try:
            yield
        finally:
            if before is None:
                path.unlink()
            else:
                path.write_text(before, "utf-8")


DEFECTS = [
    Defect(
        "a dependency that is not locked",
        "lock",
        "services/team_tasks_api/pyproject.toml",
        '    "chassis",\n',
        '    "chassis",\n    "tinydb",\n',
        "uv.lock",
    ),
    Defect(
        "an unused import", "lint", f"{API}/domain/task.py", "", "\nimport os\n", "domain/task.py"
    ),
    Defect(
        "an unformatted line", "format", f"{API}/settings.py", "", "\nX   =  1\n", "settings.py"
    ),
    Defect(
        "a wrong type",
        "types",
        f"{API}/application/tasks/get_task.py",
        "return await self.tasks.get(task_id)",
        "return await self.tasks.get(str(task_id))",
        "get_task.py",
    ),
    Defect(
        "SQLAlchemy in the business service",
        "imports",
        f"{API}/infrastructure/database.py",
        "",
        '"""Short cut."""\n\nimport sqlalchemy\n\nTABLE = sqlalchemy.Table\n',
        "team_tasks_api.infrastructure.database -> sqlalchemy",
    ),
    Defect(
        "a framework in the domain",
        "imports",
        f"{API}/domain/money.py",
        "",
        '"""Money."""\n\nfrom pydantic import BaseModel\n\nMODEL = BaseModel\n',
        "team_tasks_api.domain.money -> pydantic",
    ),
    Defect(
        "a service that imports another",
        "imports",
        f"{DATA}/api/rules.py",
        "",
        '"""Rules."""\n\nfrom team_tasks_api.domain.errors import RuleViolated\n\nE = RuleViolated\n',
        "team_data_postgres_api.api.rules -> team_tasks_api.domain.errors",
    ),
    Defect(
        "a rule that is gone",
        "tests",
        f"{API}/domain/task.py",
        "holds=self.priority <= 5",
        "holds=True",
        "test_task_rules.py",
    ),
    Defect(
        "code that no test runs",
        "tests",
        f"{API}/uncovered.py",
        "",
        '"""Untested."""\n\n\ndef untested(value: int) -> int:\n    """Add."""\n'
        + "".join(f"    value += {n}\n" for n in range(4000))
        + "    return value\n",
        "is below 60 %",
    ),
]

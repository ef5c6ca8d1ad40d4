"""The models of a project as they are now: seeded, renamed, or written by its owners."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.base import Failure

MODELS = "services/*/src/*/models/*.py"


@dataclass(frozen=True)
class Model:
    """A class with a table, and the names that it is known by."""

    file: Path
    name: str
    table: str
    columns: frozenset[str]
    """What its class has names for, columns among them."""

    def is_called(self, name: str) -> bool:
        """Say whether somebody means it: by its class, its file or its table."""
        plain = name.replace("_", "")
        return name in {self.file.stem, self.table} or plain == self.name.lower()


def models(project: Path) -> list[Model]:
    """Every model that names its table."""
    return [model for file in sorted(project.glob(MODELS)) for model in _in(file)]


def _in(file: Path) -> Iterator[Model]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise Failure(
            f"{file} cannot be read as Python: {error}; mend it, nothing was changed"
        ) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and (table := _table(node)):
            yield Model(file, node.name, table, frozenset(_names(node)))


def _table(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        match statement:
            case (
                ast.Assign(
                    targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=str(table))
                )
                | ast.AnnAssign(
                    target=ast.Name(id="__tablename__"), value=ast.Constant(value=str(table))
                )
            ):
                return table
    return None


def _names(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        match statement:
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def refuse_column(project: Path, table: str, entity: str, column: str) -> None:
    """Stop if the model of an entity has the column already, by its owners' own hand."""
    for model in models(project):
        if column in model.columns and (model.table == table or model.is_called(entity)):
            raise Failure(
                f"{entity} has a column {column!r} already, in {model.file.relative_to(project)}: "
                "the answers do not know it, and it stays yours; give the field another name"
            )


def refuse_taken(project: Path, table: str) -> None:
    """Stop if somebody's model has the table already."""
    for model in models(project):
        if model.table == table:
            raise Failure(
                f"the table {table} is there already, of {model.name} in "
                f"{model.file.relative_to(project)}; give the entity another plural"
            )


def resolved(
    rules: ModuleType, project: Path, entities: list[dict[str, Any]], field: Mapping[str, Any]
) -> dict[str, Any]:
    """A field whose reference names the table that is there, whatever its entity was called once."""
    target = field.get("references")
    if field.get("type") != "reference" or not isinstance(target, str):
        return dict(field)
    known = models(project)
    table = field.get("table") or next(
        (plural(rules, entity) for entity in entities if entity["name"] == target), None
    )
    if table in {model.table for model in known}:
        return dict(field)
    found = [model for model in known if model.is_called(target)]
    if len(found) == 1 and "table" not in field:
        return {**field, "table": found[0].table}
    listed = ", ".join(f"{model.file.stem} (table {model.table})" for model in known) or "none"
    what = f"table {table}" if table else "model"
    raise Failure(
        f"{field.get('name')}: refers to {target!r}, of which there is no {what} in the project; "
        f"its models: {listed}"
    )


def plural(rules: ModuleType, entity: Mapping[str, Any]) -> str:
    """The table of an entity, whatever its fields are."""
    plain = {**entity, "fields": [{"name": "title", "type": "string"}]}
    return str(rules.data_model([plain])["entities"][0]["plural"])

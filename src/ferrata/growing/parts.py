"""What one first migration does and another does not: the steps from the one to the other."""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# By table and column, the value for records that are there.
Defaults = Mapping[tuple[str, str], Any]

# What each part of the second migration is done with; what an attempt left that was broken off goes.
CHECKED, UNIQUE, INDEXES = "CHECKED", "UNIQUE", "INDEXES"
BUILD = {
    CHECKED: """\
        for name in CHECKED:
            op.execute(f"ALTER TABLE {TABLE} VALIDATE CONSTRAINT {name}")
""",
    INDEXES: """\
        for name, columns in INDEXES.items():
            # What an attempt that was broken off may have left.
            op.drop_index(name, TABLE, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, TABLE, columns, postgresql_concurrently=True)
""",
    UNIQUE: """\
        for name, columns in UNIQUE.items():
            op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS {name}")
            op.drop_index(name, TABLE, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, TABLE, columns, unique=True, postgresql_concurrently=True)
            op.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")
""",
}
UNDO = {
    CHECKED: "",
    INDEXES: """\
    for name in INDEXES:
        op.drop_index(name, TABLE)
""",
    UNIQUE: """\
    for name in UNIQUE:
        op.drop_constraint(name, TABLE)
""",
}


@dataclass(frozen=True)
class Step:
    """One migration, in words and as the code of its functions."""

    title: str
    does: str
    undoes: str
    upgrade: str
    downgrade: str
    constants: str = ""


def steps(old: str, new: str, defaults: Defaults) -> Iterator[Step]:
    """The migrations from the tables of one to those of the other."""
    before, after = _Source(old), _Source(new)
    made = [name for name in after.functions if name not in before.functions]
    if made:
        yield _tables(before, after, made)
    for name, function in after.functions.items():
        known = before.functions.get(name)
        if name not in {"upgrade", "downgrade"} and known and _differ(known, function):
            yield from _Columns(after, known, function).steps(defaults)


class _Source:
    """A migration with its functions."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.functions = {
            node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)
        }

    def text(self, nodes: Sequence[ast.stmt]) -> str:
        """Statements as they are written."""
        return "".join(
            f"{line}\n" for node in nodes for line in self.lines[node.lineno - 1 : node.end_lineno]
        )


def _differ(one: ast.AST, other: ast.AST) -> bool:
    return ast.dump(one) != ast.dump(other)


def _new(before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> list[ast.stmt]:
    known = {ast.dump(node) for node in before}
    return [node for node in after if ast.dump(node) not in known]


def _tables(before: _Source, after: _Source, made: Sequence[str]) -> Step:
    """Everything of tables that are new."""
    bodies = [after.text(after.functions[name].body) for name in made]
    dropped = _new(before.functions["downgrade"].body, after.functions["downgrade"].body)
    names = " and ".join(name.removeprefix("_create_").replace("_", " ") for name in made)
    return Step(
        f"Add {names}",
        "Create the table.",
        "Drop it.",
        "\n".join(bodies),
        after.text(dropped),
    )


@dataclass
class _Found:
    """What is new in a table."""

    columns: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    validated: list[str] = field(default_factory=list)
    unique: dict[str, list[str]] = field(default_factory=dict)
    indexes: dict[str, list[str]] = field(default_factory=dict)


class _Columns:
    """New columns in a table that may have many records, with all that belongs to them.

    What takes long on a filled table happens in a second migration, while others read and write.
    """

    def __init__(self, source: _Source, before: ast.FunctionDef, after: ast.FunctionDef) -> None:
        self._source = source
        self._arguments = _new_arguments(before, after)
        self._table = after.name.removeprefix("_create_")
        self._statements = _new(before.body[1:], after.body[1:])

    def steps(self, defaults: Defaults) -> Iterator[Step]:
        """One migration for the columns, and one for what is built while the system is used."""
        found = self._found(defaults)
        names = " and ".join(found.columns)
        words = f"{names.replace('_', ' ')} {{}} {self._table.replace('_', ' ')}"
        drops = [f'    op.drop_column("{self._table}", "{one}")\n' for one in found.columns]
        yield Step(
            f"Add {words.format('to')}",
            "Add what no record has to be rewritten or read for.",
            "Drop it with all that belongs to it.",
            "".join(found.made),
            "".join(reversed(drops)),
        )
        if found.validated or found.unique or found.indexes:
            yield self._second(found, f"Index {words.format('of')}")

    def _found(self, defaults: Defaults) -> _Found:
        found = _Found()
        for call in self._arguments:
            self._take(call, found, defaults)
        for statement in self._statements:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                name, _, columns = (ast.literal_eval(value) for value in statement.value.args)
                found.indexes[name] = columns
        return found

    def _take(self, call: ast.Call, found: _Found, defaults: Defaults) -> None:
        table = json.dumps(self._table)
        options = {option.arg: option.value for option in call.keywords}
        match ast.unparse(call.func):
            case "sa.Column":
                name = ast.literal_eval(call.args[0])
                found.columns.append(name)
                found.made.append(
                    f"    op.add_column({table}, {self._column(call, name, defaults)})\n"
                )
            case "sa.CheckConstraint":
                name = _constraint(options["name"])
                condition = ast.get_source_segment("\n".join(self._source.lines), call.args[0])
                found.validated.append(name)
                found.made.append(
                    f'    op.create_check_constraint(op.f("{name}"), {table}, {condition}, '
                    "postgresql_not_valid=True)\n"
                )
            case "sa.ForeignKeyConstraint":
                name = _constraint(options["name"])
                [column], [target] = (ast.literal_eval(value) for value in call.args)
                found.validated.append(name)
                found.made.append(
                    f'    op.create_foreign_key("{name}", {table}, "{target.partition(".")[0]}", '
                    f'["{column}"], ["id"], postgresql_not_valid=True)\n'
                )
            case "sa.UniqueConstraint":
                column = ast.literal_eval(call.args[0])
                found.unique[_constraint(options["name"])] = [column]

    def _column(self, call: ast.Call, name: str, defaults: Defaults) -> str:
        """The column as it is written, with a value for the records that are there."""
        text = ast.get_source_segment("\n".join(self._source.lines), call) or ""
        text = " ".join(text.split()).replace("( ", "(").replace(", )", ")")
        value = defaults.get((self._table, name))
        if value is None:
            return text
        given = str(value).lower() if isinstance(value, bool) else str(value)
        default = f"server_default={json.dumps(given, ensure_ascii=False)}, nullable="
        return default.join(text.rsplit("nullable=", 1))

    def _second(self, found: _Found, title: str) -> Step:
        parts = {CHECKED: found.validated, INDEXES: found.indexes, UNIQUE: found.unique}
        used = {name: part for name, part in parts.items() if part}
        undone = "".join(UNDO[name] for name in reversed(used))
        return Step(
            title,
            "Check and index what is new while others read and write.",
            "Drop the indexes." if undone else "Nothing: what was checked is as it was.",
            "    with op.get_context().autocommit_block():\n"
            + "".join(BUILD[name] for name in used),
            undone,
            f"\nTABLE = {json.dumps(self._table)}\n"
            + "".join(f"{name} = {_literal(part)}\n" for name, part in used.items()),
        )


def _literal(part: Any) -> str:
    """A list or a mapping with one item a line."""
    if isinstance(part, dict):
        lines = [f"    {json.dumps(key)}: {json.dumps(value)},\n" for key, value in part.items()]
        return f"{{\n{''.join(lines)}}}"
    names = "".join(f"    {json.dumps(each)},\n" for each in part)
    return f"[\n{names}]"


def _new_arguments(before: ast.FunctionDef, after: ast.FunctionDef) -> list[ast.Call]:
    """The parts of the table that are new: columns and constraints."""
    known = {ast.dump(argument) for argument in _parts(before)}
    return [part for part in _parts(after) if ast.dump(part) not in known]


def _parts(function: ast.FunctionDef) -> list[ast.Call]:
    match function.body[0]:
        case ast.Expr(value=ast.Call(args=[_, *parts])):
            return [part for part in parts if isinstance(part, ast.Call)]
    return []


def _constraint(name: ast.expr) -> str:
    """The name of a constraint, with or without `op.f` around it."""
    return str(ast.literal_eval(name.args[0] if isinstance(name, ast.Call) else name))

"""What is wrong with answers: every fault by its path, what is expected, and what to ask."""

from copy import deepcopy
from typing import Any

import pytest

from tests.support import EXAMPLES, ODD, answers_of, brief, extension

TASK = brief()


def entity(*fields: dict[str, Any], name: str = "thing", **more: Any) -> dict[str, Any]:
    """An entity with these fields."""
    return {"name": name, "fields": list(fields) or [{"name": "title", "type": "string"}], **more}


def field(name: str = "title", type: str = "string", **more: Any) -> dict[str, Any]:  # noqa: A002
    """A field with these attributes."""
    return {"name": name, "type": type, **more}


def found(answers: dict[str, Any]) -> list[str]:
    """The problems as lines."""
    return [str(problem) for problem in extension().problems(answers)]


@pytest.mark.parametrize("name", [*EXAMPLES, *ODD])
def test_the_examples_are_complete(name: str) -> None:
    assert found(answers_of(name)) == []


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("key", extension().schema()["required"])
def test_a_missing_answer_is_asked_for(name: str, key: str) -> None:
    answers = {k: v for k, v in answers_of(name).items() if k != key}

    problems = extension().problems(answers)

    asked = [problem for problem in problems if problem.path == key]
    assert len(asked) == 1
    assert asked[0].question == extension().schema()["properties"][key]["x-question"]
    assert "?" in asked[0].question


ENTITY_FAULTS: list[Any] = [
    pytest.param([entity(name="class")], "'class' is a Python keyword", id="keyword"),
    pytest.param([entity(name="decimal")], "would hide 'Decimal'", id="imported-class"),
    pytest.param([entity(name="list")], "would hide 'ListQuery'", id="derived-class"),
    pytest.param([entity(name="byte")], "'bytes' would hide a name", id="builtin-plural"),
    pytest.param([entity(name="warning")], "'Warning', which Python has", id="builtin-class"),
    pytest.param(
        [entity(name="route", plural="router")], "hide a name that generated", id="variable"
    ),
    pytest.param(
        [entity(name="task", plural="new_task")], "makes a class 'NewTask', as", id="own-class"
    ),
    pytest.param(
        [entity(name="task"), entity(name="note", plural="tasks_dep")],
        "entities[1].plural: makes a class 'TasksDep', as entities[0].plural does",
        id="class-of-another",
    ),
    pytest.param(
        [
            entity(field("archive_code", unique=True), name="order"),
            entity(field("code", unique=True), name="old_order", plural="orders_archive"),
        ],
        "entities[1].plural: 'orders_archive' has 'uq_orders_archive_code' for a table, an "
        "index or a path, as entities[0] has",
        id="constraint-of-another",
    ),
    pytest.param(
        [entity(name="order"), entity(name="old_order", plural="pk_orders")],
        "'pk_orders' has 'pk_orders'",
        id="table-like-a-key",
    ),
    pytest.param(
        [entity(field("sent", "boolean"), field("sent_created_at", "datetime"))],
        "'ix_things_sent_created_at_id' for a table, an index or a path, as entities[0] has",
        id="index-twice",
    ),
    pytest.param(
        [entity(name="version", plural="alembic_version")], "as Alembic or a lev", id="alembic"
    ),
    pytest.param([entity(plural="pg_things")], "like the tables of PostgreSQL", id="pg"),
    pytest.param([entity(name="error")], "'errors' is a module of every project", id="module"),
    pytest.param(
        [entity(name="sheep", plural="sheep")], "must differ from the name", id="same-plural"
    ),
    pytest.param(
        [entity(name="task"), entity(name="task")], "collides with entities[0]", id="twice"
    ),
    pytest.param([entity(name="box"), entity(name="boxe")], "in the form 'boxes'", id="plurals"),
    pytest.param([entity(name="ab_c"), entity(name="abc")], "collides with", id="class-form"),
    pytest.param([entity(field("from"))], "'from' is a Python keyword", id="field-keyword"),
    pytest.param([entity(field("id"))], "every entity has already", id="field-id"),
    pytest.param([entity(field("sort"))], "is a parameter of every list", id="field-sort"),
    pytest.param([entity(field("model_dump"))], "pydantic's BaseModel", id="field-pydantic"),
    pytest.param([entity(field("int"))], "would hide what the other", id="field-type-name"),
    pytest.param([entity(field("sa"))], "would hide what the other", id="field-module"),
    pytest.param([entity(field("xmin"))], "that PostgreSQL has in every", id="system-column"),
    pytest.param([entity(field("lateral"))], "word of SQL, and no column", id="sql-column"),
    pytest.param([entity(plural="lateral")], "word of SQL, and no table", id="sql-table"),
    pytest.param([entity(field("check"))], "part of the generated class", id="field-method"),
    pytest.param([entity(field("query"))], "collides with 'ThingQuery'", id="field-class"),
    pytest.param([entity(field("a_b"), field("ab"))], "collides with 'a_b'", id="field-forms"),
    pytest.param([entity(field(), field())], "collides with 'title'", id="field-twice"),
    pytest.param(
        [entity(field("size", "integer"), field("size_min", "integer"))],
        "already the list filter of another field",
        id="field-filter",
    ),
    pytest.param([entity(field(minimum=1))], "minimum: does not apply to a field", id="limit"),
    pytest.param([entity(field(type="enum"))], "values: is missing", id="enum-values"),
    pytest.param([entity(field(type="reference"))], "references: is missing", id="reference"),
    pytest.param([entity(field(type="json", unique=True))], "unique: does not apply", id="unique"),
    pytest.param(
        [entity(field(type="reference", references="nobody"))], "names no entity", id="target"
    ),
    pytest.param(
        [entity(field(type="integer", minimum=2, maximum=1))], "must not be above", id="range"
    ),
    pytest.param([entity(field(type="integer", minimum=0.5))], "must be a whole number", id="half"),
    pytest.param(
        [entity(field(type="decimal", minimum=0.001))], "at most 2 digit(s)", id="decimal-digits"
    ),
    pytest.param(
        [entity(field(type="decimal", decimal_places=9, minimum=10**9))],
        "at most 9 digit(s) after the point and 9 before it",
        id="decimal-width",
    ),
    pytest.param(
        [entity(field(type="integer", minimum=float("nan")))], "a whole number", id="no-number"
    ),
    pytest.param(
        [entity(field(type="decimal", default=1e300))], "that the field accepts", id="default-width"
    ),
    pytest.param([entity(field(default="x", required=True))], "contradicts", id="default-required"),
    pytest.param([entity(field(default=5))], "a value that the field accepts", id="default-type"),
    pytest.param(
        [entity(field(type="integer", maximum=5, default=6))],
        "that the field accepts",
        id="default-range",
    ),
    pytest.param(
        [entity(field(type="enum", values=["a"], default="b"))],
        "that the field accepts",
        id="default-enum",
    ),
    pytest.param(
        [entity(field(type="date", default="2026-01-01"))], "does not apply", id="default-date"
    ),
    pytest.param(
        [entity(field("thing_id", "reference", references="thing", required=True))],
        "circle of required references",
        id="self-circle",
    ),
    pytest.param(
        [
            entity(field("b_id", "reference", references="bb", required=True), name="aa"),
            entity(field("a_id", "reference", references="aa", required=True), name="bb"),
        ],
        "circle of required references",
        id="circle",
    ),
]


@pytest.mark.parametrize(("entities", "message"), ENTITY_FAULTS)
def test_a_fault_of_the_entities_is_explained(entities: list[Any], message: str) -> None:
    lines = found(TASK | {"entities": entities})

    assert len([line for line in lines if message in line]) >= 1, lines


def test_all_problems_are_told_at_once_in_the_order_of_the_schema() -> None:
    wrong = deepcopy(TASK) | {"level": 9, "license": "none", "entities": [entity(field("id"))]}
    del wrong["problem"]

    paths = [problem.path for problem in extension().problems(wrong)]

    assert paths == ["license", "problem", "level", "entities[0].fields[0].name"]


def test_nested_unknown_keys_get_a_suggestion() -> None:
    wrong = entity(field(requried=True))

    assert found(TASK | {"entities": [wrong]}) == [
        "entities[0].fields[0].requried: is not a known key; did you mean 'required'?"
    ]


def test_requirement_ids_are_unique() -> None:
    twice = [TASK["functional_requirements"][0]] * 2

    assert found(TASK | {"functional_requirements": twice}) == [
        "functional_requirements[1].id: FR-001 is given twice"
    ]


def test_a_fourth_name_part_needs_a_reason() -> None:
    assert "function_reason: is missing." in found(TASK | {"function": "billing"})[0]
    assert found(TASK | {"function": "billing", "function_reason": "two kinds of tasks"}) == []


def test_an_operation_names_an_entity() -> None:
    requirement = TASK["functional_requirements"][0] | {"operations": ["task.create", "tsk.get"]}

    [line] = found(TASK | {"functional_requirements": [requirement]})

    assert line == (
        "functional_requirements[0].operations[1]: names no entity; "
        "got: 'tsk.get', entities: task; did you mean 'task'?"
    )


def test_names_that_never_meet_are_taken() -> None:
    entities = [
        entity(field("address", "enum", values=["home"]), name="user"),
        *(entity(name=name) for name in ("user_address", "user_create", "new_user", "create_user")),
        *(entity(name=name) for name in ("response", "path", "query", "field", "event", "schema")),
    ]

    assert found(TASK | {"entities": entities}) == []


@pytest.mark.parametrize(
    ("context", "modules"),
    [("template0", []), ("template1", []), ("admin", ["mongodb"]), ("local", ["communications"])],
)
def test_a_server_keeps_databases_for_itself(context: str, modules: list[str]) -> None:
    refused = f"context: '{context}' is the name of a database that the server keeps"
    assert refused in found(TASK | {"context": context, "modules": modules})[0]


def test_a_database_of_a_server_that_is_not_there_is_a_name() -> None:
    assert found(TASK | {"context": "admin", "modules": []}) == []


def test_rabbitmq_keeps_a_context_for_itself() -> None:
    assert "context: 'amq' begins names that RabbitMQ" in found(TASK | {"context": "amq"})[0]
    for context in ("pg", "pg_shop"):
        assert (
            f"context: '{context}' begins names that Postg" in found(TASK | {"context": context})[0]
        )

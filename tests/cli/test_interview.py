"""Only what is missing is asked for, in words that fit, and every answer is checked at once."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from ferrata.asking import choices, completing
from ferrata.asking.gaps import broken_by, missing, path_of, put, text_of, wrong
from ferrata.asking.interview import Interview, number
from ferrata.asking.prompts import Check, Option
from tests.support import EXAMPLES, answers_of, extension

RULES = extension()
SCHEMA = RULES.schema()
Reply = tuple[str, Any]


class Typed:
    """Prompts that somebody answers in a known order; what is refused must be in `refused`."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []
        self.refused: list[str] = []

    def _next(self, kind: str, question: str) -> Any:
        self.asked.append(question)
        assert self.replies, f"nothing to answer to: {question}"
        expected, reply = self.replies.pop(0)
        assert kind == expected, f"{question} was to be answered with {expected}: {reply!r}"
        return reply

    def _checked(self, kind: str, question: str, check: Check) -> Any:
        while reason := check(reply := self._next(kind, question)):
            self.refused.append(reason)
        return reply

    def say(self, text: str) -> None:
        self.asked.append(text)

    def line(self, question: str, check: Check, default: str = "") -> str:
        return str(self._checked("line", question, check) or default)

    def text(self, question: str, check: Check) -> str:
        return str(self._checked("text", question, check))

    def one(self, question: str, options: Sequence[Option], check: Check) -> Any:
        chosen = self._checked("one", question, check)
        assert [o for o in options if o.value == chosen and not o.disabled], question
        return chosen

    def many(self, question: str, options: Sequence[Option], check: Check) -> list[Any]:
        chosen: list[Any] = self._checked("many", question, check)
        assert set(chosen) <= {o.value for o in options if not o.disabled}, question
        return chosen

    def sure(self, question: str, *, default: bool) -> bool:
        return bool(self._next("sure", question))


def replies(answers: Mapping[str, Any], path: tuple[str | int, ...], value: Any) -> Iterator[Reply]:
    """What somebody types who wants to give `value`."""
    node = RULES.schema_at(path)
    match value:
        case dict():
            yield from _mapping(answers, path, value)
        case list() if path == ("modules",):
            yield "many", value
        case list() if path[-1] == "operations":
            yield "many", value
        case list() if RULES.schema_at((*path, 0))["type"] == "object":
            yield from _records(answers, path, value)
        case list():
            yield from (("line", text) for text in [*value, ""])
        case _ if _is_chosen(path, node, value):
            yield "one", value
        case _:
            yield ("text" if node.get("maxLength", 0) > 2000 else "line"), str(value)


def _is_chosen(path: tuple[str | int, ...], node: Mapping[str, Any], value: Any) -> bool:
    """Numbers are typed, also as defaults."""
    if path[-1] == "default":
        return isinstance(value, bool | str)
    return "enum" in node or path[-1] == "references"


def _records(answers: Mapping[str, Any], path: Any, value: list[Any]) -> Iterator[Reply]:
    least = RULES.schema_at(path).get("minItems", 0)
    for index, record in enumerate(value):
        if index >= least:
            yield "sure", True
        yield from _mapping(answers, (*path, index), record)
    yield "sure", False


def _mapping(answers: Mapping[str, Any], path: Any, value: Mapping[str, Any]) -> Iterator[Reply]:
    node = RULES.schema_at(path)
    needed = [*node["required"], *({"values", "references"} & value.keys())]
    for name in needed:
        yield from replies(answers, (*path, name), value[name])
    order = [name for name in node["properties"] if name in value and name not in needed]
    partial = put(answers, path, {name: value[name] for name in needed})
    if choices.extras(RULES, partial, path):
        yield "many", order
    for name in order:
        if RULES.schema_at((*path, name)).get("type") != "boolean":
            yield from replies(answers, (*path, name), value[name])


def test_one_more_entity_is_asked_for(monkeypatch) -> None:
    """With the questions of a new project; going back and drafts are those of all questions."""
    fields = [
        {"name": "task_id", "type": "reference", "required": True, "references": "task"},
        {"name": "done", "type": "boolean"},
    ]
    prompts = Typed(
        [
            *(("line", "task_id"), ("one", "reference"), ("one", "task"), ("many", ["required"])),
            *(("sure", True), ("line", "done"), ("one", "boolean"), ("many", [])),
            ("sure", False),
        ]
    )
    monkeypatch.setattr(completing, "terminal_prompts", lambda: nullcontext(prompts))

    asked = completing.asked_entity(RULES, answers_of("task_manager"), "note")

    assert (asked, prompts.replies) == ({"name": "note", "fields": fields}, [])


def without(answers: Mapping[str, Any], *path: str | int) -> dict[str, Any]:
    left = copy.deepcopy(dict(answers))
    inside: Any = left
    for part in path[:-1]:
        inside = inside[part]
    del inside[path[-1]]
    return left


MANDATORY = [
    *((name,) for name in SCHEMA["required"]),
    *(("non_functional", name) for name in SCHEMA["properties"]["non_functional"]["required"]),
    ("functional_requirements", 1, "id"),
    ("functional_requirements", 0, "title"),
    ("functional_requirements", 2, "priority"),
    ("risks", 0, "risk"),
    ("risks", 0, "impact"),
    ("risks", 0, "mitigation"),
    ("entities", 0, "name"),
    ("entities", 0, "fields"),
    ("entities", 0, "fields", 1, "name"),
    ("entities", 0, "fields", 1, "type"),
]


@pytest.mark.parametrize("path", MANDATORY, ids=text_of)
@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_taken_out_is_named_and_asked_for(example: str, path: tuple[Any, ...]) -> None:
    whole = answers_of(example)
    value: Any = whole
    for part in path:
        value = value[part]
    partial = without(whole, *path)

    named = [problem for problem in RULES.problems(partial) if problem.missing]
    prompts = Typed(list(replies(whole, path, value)))
    interview = Interview(RULES, prompts, partial)
    interview.complete()

    assert [problem.path for problem in named] == [text_of(path)]
    assert interview.answers == whole
    assert prompts.replies == prompts.refused == []
    question = RULES.schema_at(path)["x-question"].removesuffix(" [] if none.")
    assert prompts.asked[0].startswith(question.removesuffix(" [] if nothing."))


def test_only_what_is_missing_is_asked() -> None:
    partial = without(without(answers_of("task_manager"), "context"), "author_email")
    prompts = Typed([("line", "team"), ("line", "team@example.com")])
    Interview(RULES, prompts, partial).complete()
    assert [question.split("?")[0] for question in prompts.asked] == [
        "Which bounded context does the system belong to (for instance finance, healthcare, logistics)",
        "Which e-mail address reaches the author",
    ]


REFUSED = [
    pytest.param(("context",), ["../etc"], "must be snake_case", "team", id="path traversal"),
    pytest.param(("context",), ["tests"], "is the name of a package", "team", id="taken name"),
    pytest.param(("project_name",), [""], "must have at least 1 character", "X", id="empty"),
    pytest.param(("author_email",), ["me"], "must be an e-mail address", "me@x.org", id="e-mail"),
    pytest.param(
        ("non_functional", "p95_latency_ms"),
        ["fast", "1.5", "9" * 5000, "0"],
        "must be a",
        "200",
        id="number",
    ),
    pytest.param(
        ("functional_requirements", 1, "id"), ["FR-001"], "given twice", "FR-002", id="id twice"
    ),
    pytest.param(
        ("entities", 0, "fields", 1, "name"), ["class"], "is a Python keyword", "text", id="keyword"
    ),
    pytest.param(
        ("entities", 0, "fields", 1, "name"), ["title"], "collides", "text", id="same name"
    ),
]


@pytest.mark.parametrize(("path", "wrong", "reason", "right"), REFUSED)
def test_a_wrong_answer_is_asked_for_again(path, wrong, reason, right) -> None:
    prompts = Typed([("line", text) for text in [*wrong, right]])
    Interview(RULES, prompts, without(answers_of("task_manager"), *path)).complete()
    assert len(prompts.refused) == len(wrong)
    assert all(reason in said for said in prompts.refused)


def test_an_answer_that_does_not_fit_its_neighbours_is_asked_for_again() -> None:
    partial = without(answers_of("task_manager"), "entities", 0, "fields", 3, "type")
    prompts = Typed([("one", "boolean"), ("one", "integer")])
    Interview(RULES, prompts, partial).complete()
    assert "minimum: does not apply to a field of type boolean" in prompts.refused[0]


def test_what_a_type_needs_is_asked_for() -> None:
    partial = without(answers_of("task_manager"), "entities", 0, "fields", 1, "type")
    prompts = Typed([("one", "enum"), ("line", "short"), ("line", "long"), ("line", "")])
    interview = Interview(RULES, prompts, partial)
    interview.complete()
    assert interview.answers["entities"][0]["fields"][1] == {
        "name": "description",
        "type": "enum",
        "values": ["short", "long"],
    }


def test_a_list_that_must_not_be_empty() -> None:
    partial = without(answers_of("task_manager"), "target_users")
    prompts = Typed([("line", ""), ("line", "Teams"), ("line", "")])
    interview = Interview(RULES, prompts, partial)
    interview.complete()
    assert interview.answers["target_users"] == ["Teams"]
    assert len(prompts.refused) == 1


def test_a_required_field_has_no_default() -> None:
    partial = without(answers_of("task_manager"), "entities", 0, "fields")
    field = [("line", "title"), ("one", "string"), ("many", ["required", "default"])]
    prompts = Typed([*field, ("many", ["required"]), ("sure", False)])
    interview = Interview(RULES, prompts, partial)
    interview.complete()
    assert interview.answers["entities"][0]["fields"] == [
        {"name": "title", "type": "string", "required": True}
    ]
    assert len(prompts.refused) == 1


def test_the_next_id_is_proposed() -> None:
    partial = without(answers_of("task_manager"), "functional_requirements", 1, "id")
    prompts = Typed([("line", "FR-002")])
    interview = Interview(RULES, prompts, partial)
    assert interview._next_id(
        ("functional_requirements", 1, "id"),
        RULES.schema_at(("functional_requirements", 1, "id")),
    ) == ("FR-002")


def test_an_answer_that_makes_another_one_wrong_ends_the_questions() -> None:
    """What the file says of entities that are not there is for the file."""
    partial = without(answers_of("task_manager"), "entities")
    field = [("line", "title"), ("one", "string"), ("many", []), ("sure", False)]
    interview = Interview(
        RULES, Typed([("line", "ticket"), *field, ("many", []), ("sure", False)]), partial
    )
    interview.complete()
    assert missing(RULES, interview.answers) == []
    assert {problem.path.split("[")[0] for problem in wrong(RULES, interview.answers)} == {
        "functional_requirements"
    }


@pytest.mark.about("payments", "workers")
def test_levels_and_modules_that_are_not_there_say_why() -> None:
    levels = {option.value: option for option in choices.levels(RULES)}
    assert levels[1].title == "1 PoC, for MVP, demo, learning"
    assert levels[1].disabled is None
    for row in RULES.catalog()["levels"]:
        assert bool(levels[row["level"]].disabled) is not row["available"]
    modules = {option.value: option for option in choices.modules(RULES)}
    assert modules["workers"].title == "workers: Background workers (brings rabbitmq)"
    for module in RULES.catalog()["modules"]:
        assert bool(modules[module["name"]].disabled) is not module["available"]


def test_modules_are_not_ticked_where_none_is_there(monkeypatch) -> None:
    monkeypatch.setattr(RULES, "unavailable", lambda kind, name: "no")
    prompts = Typed([("one", [])])
    Interview(RULES, prompts, without(answers_of("task_manager"), "modules")).complete()
    assert prompts.replies == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("99.9", 99.9),
        ("1e3", "1e3"),
        ("nan", "nan"),
        ("", ""),
        ("1_0", "1_0"),
    ],
)
def test_numbers(text: str, value: object) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


def test_paths_are_read_as_they_are_written() -> None:
    for path in MANDATORY:
        assert path_of(text_of(path)) == path


def test_a_stand_in_breaks_nothing() -> None:
    for path in MANDATORY:
        whole = answers_of("p2p_lending")
        value: Any = whole
        for part in path:
            value = value[part]
        assert broken_by(RULES, without(whole, *path), path, value) == []

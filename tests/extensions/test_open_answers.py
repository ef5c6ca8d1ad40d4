"""What is open has a placeholder, and is named."""

import pytest

from tests.support import answers_of, extension

RULES = extension()
FIVE = ("project_name", "context", "domain", "problem", "entities")
BEGUN = {name: answers_of("telemedicine")[name] for name in FIVE}
REST = {"level": 1, "modules": [], "author_name": "Me", "author_email": "me@example.com"}


def test_five_answers_are_enough() -> None:
    assert RULES.problems(RULES.opened(BEGUN | REST)) == []
    assert RULES.warnings(RULES.opened(BEGUN | REST)) == []


@pytest.mark.parametrize("name", FIVE)
def test_none_of_the_five_is_made_up(name: str) -> None:
    begun = {key: value for key, value in (BEGUN | REST).items() if key != name}

    assert [problem.path for problem in RULES.problems(RULES.opened(begun))] == [name]


def test_what_is_not_answered_is_named() -> None:
    opened = RULES.opened(BEGUN | REST | {"scope_in": ["All"]})

    assert opened["scope_in"] == ["All"]
    assert "scope_in" not in opened["open_answers"]
    assert set(opened["open_answers"]) | {"scope_in"} | BEGUN.keys() | REST.keys() == set(
        RULES.schema()["required"]
    )
    for name in opened["open_answers"]:
        assert "?" in RULES.question(name)


def test_placeholders_follow_from_the_entities_that_are_there_in_the_end() -> None:
    early = RULES.opened({key: value for key, value in BEGUN.items() if key != "entities"})
    late = RULES.opened(early | {"entities": BEGUN["entities"]})

    assert late == RULES.opened(BEGUN)
    operations = late["functional_requirements"][0]["operations"]
    assert operations[0] == f"{BEGUN['entities'][0]['name']}.create"


def test_an_open_answer_is_one_that_can_be() -> None:
    [problem] = RULES.problems(answers_of("task_manager") | {"open_answers": ["level"]})

    assert problem.path == "open_answers[0]"

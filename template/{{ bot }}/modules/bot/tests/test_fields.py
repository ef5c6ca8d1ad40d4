"""What an answer may be, by the type of its field."""

import re

import pytest

from chassis_bot.fields import Question, WrongAnswerError, questions
from chassis_bot.records import Collection


@pytest.fixture
def asked(plants: Collection) -> dict[str, Question]:
    return {one.name: one for one in questions(plants.new, plants.references)}


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("bed_id", "the first one", "must be a UUID"),
        ("kind", "weed", "should be 'herb' or 'tall_tree'"),
        ("height", "0.49", "greater than or equal to 0.50"),
        ("height", "a lot", "must be a number such as 12.50"),
        ("leaves", "2.5", "must be a whole number"),
        ("edible", "maybe", "must be true or false"),
        ("sown", "2026-02-30", "must be a date that exists"),
        ("watered_at", "2026-01-31 12:00", "must be a time such as"),
        ("grower", "ann", "not a valid email"),
        ("page", "example.com", "must be an http or https URL"),
        ("notes", "x" * 101, "at most 100 characters"),
        ("care", "[1]", "valid dictionary"),
        ("care", "{", "must be a JSON object"),
        ("care", "[" * 4096, "must be a JSON object"),
        ("care", '{"a": 1, "a": 2}', "must be a JSON object"),
    ],
)
def test_an_answer_that_a_field_does_not_take_is_refused(
    asked: dict[str, Question], field: str, text: str, why: str
) -> None:
    with pytest.raises(WrongAnswerError, match=re.escape(why)):
        asked[field].read(text)

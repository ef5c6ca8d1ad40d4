"""`ferrata new --answers partial.yml` on a terminal: the gaps are asked for, and can be saved."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ferrata.asking.completing import offer_to_save
from ferrata.asking.saving import completed_text
from tests.cli.support import EXAMPLE, everything
from tests.cli.terminal import Terminal
from tests.support import extension

DOWN, ESC, CTRL_C, CTRL_D = "\x1b[B", "\x1b", "\x03", "\x04"
WHOLE: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
MODULES = "Which optional modules do you need"
SAVE = "Save the completed answers"
CONTEXT, LEVEL = (extension().schema()["properties"][n]["x-question"] for n in ("context", "level"))
YES, NO = True, False


@pytest.fixture
def partial(tmp_path):
    """The example with comments and without some answers."""

    def write(*names: str, text: str = "# mine\n" + EXAMPLE.read_text("utf-8")) -> Path:
        kept, leave = [], False
        for line in text.splitlines(keepends=True):
            if line[:1].isalpha():
                leave = line.split(":")[0] in names
            kept += [] if leave else [line]
        file = tmp_path / "partial.yml"
        file.write_text("".join(kept), "utf-8")
        return file

    return write


@pytest.fixture
def terminal(typing, shared_template, tmp_path):
    def start(file: Path, *arguments: object) -> Terminal:
        options = ["--template", shared_template, "--no-gates"]
        typed: Terminal = typing(tmp_path / "demo", "--answers", file, *options, *arguments)
        return typed

    return start


def recorded(folder: Path) -> dict[str, Any]:
    loaded = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    return {key: loaded[key] for key in WHOLE}


@pytest.mark.about("workers")
def test_choices_and_a_line(terminal, partial, tmp_path):
    file = partial("project_name", "level", "modules")
    typed = terminal(file)
    typed.wait_for("3 answers are missing")
    typed.answer("What is the product called?", "Задачи {{ x }}\r")
    typed.wait_for("Which maturity level do you start at")
    typed.wait_for("1 PoC, for MVP, demo, learning")
    typed.wait_for("2 Development Ready, for active team, closed beta, staging")
    typed.type("\r")
    typed.wait_for(MODULES)
    typed.wait_for("workers: Background workers (brings rabbitmq)")
    typed.type("\r")
    typed.answer(SAVE, "\r")
    typed.answer("Where to?", "\r")
    assert typed.end() == 0, typed.seen
    assert recorded(tmp_path / "demo") == WHOLE | {"project_name": "Задачи {{ x }}"}
    saved = (tmp_path / "partial.complete.yml").read_text("utf-8")
    assert saved.startswith("# mine\n# yaml-language-server")
    assert yaml.safe_load(saved) == WHOLE | {"project_name": "Задачи {{ x }}"}
    assert everything(tmp_path) >= {"partial.yml", "partial.complete.yml"}


def test_a_wrong_answer_is_told_and_asked_again(terminal, partial, tmp_path):
    typed = terminal(partial("context"))
    typed.answer("Which bounded context", "../etc\r")
    typed.mend("must be snake_case", "Which bounded context", "\x7f" * 6 + "team\r")
    typed.answer(SAVE, "n")
    assert typed.end() == 0, typed.seen
    assert recorded(tmp_path / "demo") == WHOLE
    assert not (tmp_path / "partial.complete.yml").exists()


def test_long_texts_and_lists(terminal, partial, tmp_path):
    typed = terminal(partial("problem", "target_users"))
    typed.answer("Which problem does the product solve", f"One\rTwo{ESC}\r")
    typed.answer("Who are the target users?", "\r")
    typed.mend("must have at least 1 character", "Who are the target users?", "Teams\r")
    typed.answer("and", "Leads\r")
    typed.answer("and", "\r")
    typed.answer(SAVE, "n")
    assert typed.end() == 0, typed.seen
    asked = recorded(tmp_path / "demo")
    assert (asked["problem"], asked["target_users"]) == ("One\nTwo", ["Teams", "Leads"])


def test_nested_parts(terminal, tmp_path):
    answers = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    del answers["non_functional"]["p95_latency_ms"]
    del answers["entities"][0]["fields"][1]["type"]
    file = tmp_path / "partial.yml"
    file.write_text(yaml.safe_dump(answers), "utf-8")
    typed = terminal(file)
    typed.answer("must the API keep? (non_functional.p95_latency_ms)", "fast\r")
    typed.mend("must be a whole number", "must the API keep?", "\x7f" * 4 + "200\r")
    typed.answer("hold? (entities[0].fields[1].type)", DOWN + "\r")
    typed.answer(SAVE, "n")
    assert typed.end() == 0, typed.seen
    assert recorded(tmp_path / "demo") == WHOLE


def test_an_entity_field_by_field(terminal, partial, tmp_path):
    typed = terminal(partial("entities"))
    typed.wait_for("Which entities does the system keep")
    typed.answer("What is one record called", "task\r")
    typed.answer("What is the field called", "title\r")
    typed.answer("Which type of value", "\r")
    typed.answer("Is there more to say about it?", " \r")  # the first: required
    typed.answer("Another field?", "n")
    typed.answer("Is there more to say about it?", "\r")
    typed.answer("Another entity?", "n")
    typed.answer(SAVE, "n")
    assert typed.end() == 0, typed.seen
    assert recorded(tmp_path / "demo")["entities"] == [
        {"name": "task", "fields": [{"name": "title", "type": "string", "required": True}]}
    ]


@pytest.mark.about("payments")
def test_integrations_one_by_one(terminal, partial, tmp_path):
    typed = terminal(partial("integrations"))
    typed.answer("Is there one?", "y")
    typed.answer("What is the external system called?", "Stripe\r")
    typed.answer("What is it used for?", "Payments\r")
    typed.answer("Another integration?", "n")
    typed.answer(SAVE, "n")
    assert typed.end() == 0, typed.seen
    warning = "ferrata: warning: integrations[0]: speaks of 'stripe' without the module 'payments'"
    assert warning in typed.seen
    assert recorded(tmp_path / "demo")["integrations"] == [
        {"name": "Stripe", "purpose": "Payments"}
    ]


@pytest.mark.parametrize(
    ("question", "key"),
    [
        pytest.param("Which bounded context", CTRL_C, id="ctrl-c at a line"),
        pytest.param("Which bounded context", CTRL_D, id="ctrl-d at a line"),
        pytest.param(MODULES, CTRL_C, id="ctrl-c at a choice"),
        pytest.param(SAVE, CTRL_C, id="ctrl-c at yes or no"),
        pytest.param("Where to?", CTRL_C, id="ctrl-c at the path"),
    ],
)
def test_leaving(terminal, partial, tmp_path, question, key):
    typed = terminal(partial("context", "modules"))
    for asked, keys in (("Which bounded context", "team\r"), (MODULES, "\r"), (SAVE, "\r")):
        if asked == question:
            break
        typed.answer(asked, keys)
    typed.answer(question, key)
    assert typed.end() == 130, typed.seen
    assert "ferrata: interrupted" in typed.seen
    assert everything(tmp_path) == {"home", "partial.yml"}


def test_wrong_answers_are_for_the_file(terminal, partial, tmp_path):
    file = partial("context")
    file.write_text(file.read_text("utf-8").replace("type: date", "type: day"), "utf-8")
    typed = terminal(file)
    assert typed.end() == 1
    assert f"ferrata: wrong answers in {file} (mend them" in typed.seen
    assert "entities[0].fields[4].type: must be one of" in typed.seen
    assert "Which bounded context" not in typed.seen
    assert everything(tmp_path) == {"home", "partial.yml"}


def test_complete_answers_are_not_asked_about(terminal, tmp_path):
    typed = terminal(EXAMPLE)
    assert typed.end() == 0, typed.seen
    assert SAVE not in typed.seen


def test_without_a_terminal_the_gaps_are_listed(new, partial, tmp_path):
    file = partial("context", "level")
    run = new(tmp_path / "demo", answers=file)
    assert run.code == 1
    assert run.err.splitlines() == [
        f"ferrata: INCOMPLETE {file}: 2 problems",
        f"context: is missing. {CONTEXT}",
        f"level: is missing. {LEVEL}",
    ]


class Replies:
    """Prompts answered in order."""

    def __init__(self, *replies: object) -> None:
        self.replies = list(replies)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def sure(self, question: str, **_: object) -> object:
        self.said.append(question)
        return self.replies.pop(0)

    def line(self, _question: str, _check: object, default: str = "") -> object:
        return self.replies.pop(0) or default


def test_nothing_is_overwritten_unasked(partial, tmp_path):
    file = partial("context")
    before = file.read_text("utf-8")
    prompts = Replies(YES, str(file), NO, str(tmp_path / "nowhere/x.yml"), "")
    offer_to_save(prompts, file, WHOLE)
    assert prompts.replies == []
    assert f"{file} is there already. Overwrite it?" in prompts.said
    assert "cannot be written: No such file or directory" in prompts.said[2]
    assert file.read_text("utf-8") == before
    assert yaml.safe_load((tmp_path / "partial.complete.yml").read_text("utf-8")) == WHOLE


def test_the_original_can_be_overwritten(partial):
    file = partial("context")
    offer_to_save(Replies(YES, str(file), YES), file, WHOLE)
    assert file.read_text("utf-8").startswith("# mine\n")
    assert yaml.safe_load(file.read_text("utf-8")) == WHOLE


ODD = "a: 1\r\n# about b\r\nb: {c: 2}  # here\r\n\r\n# the end\r\n"
SAVED = [
    pytest.param("a: 1 # one\n# two\nb: 2\n", {"a": 1, "b": 2, "c": [3]}, "a: 1 # one\n# two\nb: 2\n\nc:\n  - 3\n", id="new at the end"),
    pytest.param("a: 1 # one\n\n# two\nb: 2\n", {"a": 5, "b": 2}, "a: 5\n\n# two\nb: 2\n", id="changed"),
    pytest.param("a:\n  - x # x\n# b\nb: 2", {"a": ["y\nz"], "b": 2}, "a:\n  - |-\n    y\n    z\n# b\nb: 2\n", id="block text"),
    pytest.param("{a: 1, b: 2}\n", {"a": 1, "b": 3}, "a: 1\nb: 3\n", id="flow"),
    pytest.param("a: &x [1]\nb: *x\n", {"a": [2], "b": [1]}, "a:\n  - 2\nb:\n  - 1\n", id="anchor"),
    pytest.param("{}\n", {"a": 1}, "a: 1\n", id="nothing yet"),
    pytest.param("---\na: 1\n...\n", {"a": 1, "b": 2}, "a: 1\nb: 2\n", id="document end"),
]  # fmt: skip


@pytest.mark.parametrize(("original", "after", "text"), SAVED)
def test_saving(original, after, text):
    assert completed_text(original, yaml.safe_load(original) or {}, after) == text


@pytest.mark.parametrize(
    "value", ["a\n\nb ", " x\ny", "\n", "# a\nb", "таск\n🧗", "a\tb", "- x: {y}", "a\x85b"]
)
def test_any_text_is_saved_as_it_is(value):
    text = completed_text(ODD, yaml.safe_load(ODD), {"a": 1, "b": {"c": 2}, "text": value})
    assert yaml.safe_load(text) == {"a": 1, "b": {"c": 2}, "text": value}
    assert "# about b" in text

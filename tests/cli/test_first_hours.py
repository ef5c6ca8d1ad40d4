"""First hours as people have them, each on a real terminal: from nothing to a project."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.support import EXAMPLE, drafts, everything
from tests.cli.terminal import Terminal

DOWN, ESC, BACK, CTRL_C, CTRL_D = "\x1b[B", "\x1b", "\x02", "\x03", "\x04"
WHOLE: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
ENTITY = [{"name": "task", "fields": [{"name": "title", "type": "string", "required": True}]}]


@pytest.fixture
def start(typing, shared_template, tmp_path):
    def start(*arguments: object, columns: int = 200) -> Terminal:
        options = ["--template", shared_template, "--no-gates"]
        typed: Terminal = typing(tmp_path / "demo", *options, *arguments, columns=columns)
        return typed

    return start


def recorded(folder: Path) -> dict[str, Any]:
    loaded = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    return {key: value for key, value in loaded.items() if not key.startswith("_")}


def give_identity(typed: Terminal) -> None:
    typed.answer("What is the product called?", "Задачи\r")
    typed.answer("Which bounded context", "team\r")
    typed.answer("Which domain", "tasks\r")


def give_an_entity(typed: Terminal) -> None:
    typed.answer("What is one record called", "task\r")
    typed.answer("What is the field called", "title\r")
    typed.answer("Which type of value", "\r")
    typed.answer("Is there more to say about it?", " \r")  # the first: required
    typed.answer("Another field?", "n")
    typed.answer("Is there more to say about it?", "\r")
    typed.answer("Another entity?", "n")


def give_a_list(typed: Terminal, question: str, *entries: str) -> None:
    for asked, entry in zip([question, *["and"] * len(entries)], [*entries, ""], strict=True):
        typed.answer(asked, f"{entry}\r")


def give_the_brief(typed: Terminal) -> None:
    typed.answer("Who is the author", "Me\r")
    typed.answer("Which e-mail address", "me@example.com\r")
    typed.answer("Which problem does the product solve", f"One\rTwo{ESC}\r")
    give_a_list(typed, "Who are the target users?", "Teams", "Leads")
    give_a_list(typed, "By which figures", "20 teams")
    typed.answer("Which id does the requirement have", "\r")
    typed.answer("What must the system do, in one line?", "Keep tasks\r")
    typed.answer("How important is it", "\r")
    typed.answer("Is there more to say about it?", "\r")
    typed.answer("Another functional requirement?", "n")
    for question in ("95th-percentile", "availability", "How many users", "How many requests"):
        typed.answer(question, "9\r")
    typed.answer("Which rules must it comply with", "\r")
    typed.answer("Is there more to say about it?", "\r")
    typed.answer("Which maturity level", "\r")
    typed.answer("Which optional modules", "\r")
    typed.answer("Is there one?", "n")
    give_a_list(typed, "What is in scope", "Tasks")
    give_a_list(typed, "What is out of scope")
    give_a_list(typed, "What will be handed over", "Code")
    give_a_list(typed, "By which criteria", "Green gates")


def test_from_nothing_all_questions(start, tmp_path):
    typed = start()
    typed.wait_for("18 answers are missing")
    give_identity(typed)
    give_the_brief(typed)
    give_an_entity(typed)
    typed.answer("Is there more to say?", "\r")
    assert typed.end() == 0, typed.seen
    answers = recorded(tmp_path / "demo")
    assert (answers["project_name"], answers["problem"]) == ("Задачи", "One\nTwo")
    assert (answers["target_users"], answers["scope_out"]) == (["Teams", "Leads"], [])
    assert answers["entities"] == ENTITY
    assert drafts(tmp_path) == []


def test_five_answers(start, tmp_path):
    typed = start("--minimal", "--set", "author_name=Me", "--set", "author_email=me@example.com")
    typed.wait_for("5 answers are missing")
    give_identity(typed)
    typed.answer("Which problem does the product solve", f"One{ESC}\r")
    give_an_entity(typed)
    assert typed.end() == 0, typed.seen
    answers = recorded(tmp_path / "demo")
    assert (answers["level"], answers["modules"], answers["entities"]) == (1, [], ENTITY)
    assert "scope_in" in answers["open_answers"]
    assert answers["scope_in"] == ["To be answered: What is in scope for this version?"]
    assert answers["functional_requirements"][0]["operations"][0] == "task.create"


def test_an_example(start, tmp_path):
    typed = start("--example", "task_manager", "--set", "context=crew")
    assert typed.end() == 0, typed.seen
    assert "context is crew, not team as in the example task_manager" in typed.seen
    answers = recorded(tmp_path / "demo")
    assert {key: answers[key] for key in WHOLE} == WHOLE | {"context": "crew"}


def test_an_empty_file_is_a_beginning(start, tmp_path):
    file = tmp_path / "answers.yml"
    file.touch()
    typed = start("--answers", file)
    typed.wait_for("18 answers are missing")
    typed.answer("What is the product called?", CTRL_C)
    assert typed.end() == 130


def test_what_was_answered_is_there_again(start, tmp_path):
    typed = start()
    give_identity(typed)
    typed.answer("Who is the author", "Me\r")
    typed.answer("Which e-mail address", CTRL_C)
    assert typed.end() == 130
    [draft] = drafts(tmp_path)
    assert f"your answers are kept in {draft}" in typed.seen
    assert everything(tmp_path) == {"home"}

    typed = start()
    typed.answer("4 replies of an earlier try. Go on from them?", "\r")
    typed.answer("Which e-mail address", "me@example.com\r")
    typed.answer("Which problem does the product solve", CTRL_C)
    assert typed.end() == 130
    assert "What is the product called?" not in typed.seen

    typed = start()
    typed.answer("5 replies of an earlier try. Go on from them?", "n")
    typed.answer("What is the product called?", CTRL_C)
    assert typed.end() == 130
    assert drafts(tmp_path) == []


def test_going_back(start):
    typed = start()
    typed.answer("What is the product called?", BACK)  # there is nothing before it
    typed.answer("What is the product called?", "Tsks\r")
    typed.answer("Which bounded context", BACK)
    typed.answer("What is the product called?", "\x7f\x7f\x7fasks\r")  # what was typed is there
    typed.answer("Which bounded context", "team\r")
    typed.answer("Which domain", "tasks\r")
    typed.answer("Who is the author", "Me\r")
    typed.answer("Which e-mail address", "me@example.com\r")
    typed.answer("Which problem", f"One{ESC}\r")
    give_a_list(typed, "Who are the target users?", "Teams")
    typed.answer("By which figures", BACK)
    typed.answer("and", "Leads\r")
    typed.answer("and", CTRL_C)
    assert typed.end() == 130


def test_everything_is_readable_on_a_narrow_terminal(start):
    typed = start(columns=40)
    typed.answer("What is the product called?", "Tasks\r")
    typed.answer("logistics)?", "../etc\r")
    typed.mend("'escrow_account'", "logistics)?", CTRL_C)
    assert typed.end() == 130


def test_a_failure_keeps_the_answers(start, tmp_path, monkeypatch):
    typed = start("--minimal", "--set", "author_name=Me", "--set", "author_email=me@example.com")
    give_identity(typed)
    typed.answer("Which problem does the product solve", f"One{ESC}\r")
    (tmp_path / "demo").write_text("in the way")
    give_an_entity(typed)
    assert typed.end() == 1, typed.seen
    assert "your answers are kept in" in typed.seen
    (tmp_path / "demo").unlink()

    typed = start("--minimal", "--set", "author_name=Me", "--set", "author_email=me@example.com")
    typed.answer("Go on from them?", "\r")
    assert typed.end() == 0, typed.seen
    assert recorded(tmp_path / "demo")["entities"] == ENTITY


def test_a_wrong_answer_on_the_command_line(start, tmp_path):
    typed = start("--set", "levle=1", "--module", "moon")
    assert typed.end() == 1
    assert "ferrata: wrong answers (mend them" in typed.seen
    assert "levle: is not a known key; did you mean 'level'?" in typed.seen
    assert "modules[0]: must be one of" in typed.seen
    assert everything(tmp_path) == {"home"}


def test_plain_copier_refuses_at_the_question(typing, shared_template, tmp_path):
    left = {key: value for key, value in WHOLE.items() if key not in {"context", "target_users"}}
    data = tmp_path / "data.yml"
    data.write_text(yaml.safe_dump(left | {"risks": [], "open_questions": []}), "utf-8")
    options = ["--trust", "--skip-tasks", "--vcs-ref", "HEAD", "--data-file", data]
    arguments = [*options, shared_template, tmp_path / "demo"]
    typed = typing(*arguments, module=("copier", "copy"))
    typed.answer("Bounded context", "\r")
    typed.wait_for("must be snake_case")
    typed.type("My Team\r")
    typed.type("\x7f" * 7 + "crew\r")
    for question in ("Fourth part", "The Python"):
        typed.answer(question, "\r")
    typed.answer("Who are the target users?", f"Teams{ESC}\r")
    typed.wait_for("write one entry a line, `- Teams`")
    typed.type("\x7f" * 5 + f"[Teams, Leads]{ESC}\r")
    typed.answer("still open?", f"{ESC}\r")
    assert typed.end() == 0, typed.seen
    answers = recorded(tmp_path / "demo")
    assert (answers["context"], answers["target_users"]) == ("crew", ["Teams", "Leads"])

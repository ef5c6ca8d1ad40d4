"""Completing answers: what is missing is asked for on a terminal, and kept until it is used."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.answers import Beginning, load, refuse_invalid, told
from ferrata.asking.drafts import Draft
from ferrata.asking.gaps import missing, wrong
from ferrata.asking.interview import Interview
from ferrata.asking.prompts import Back, Prompts, on_terminal, terminal_prompts
from ferrata.asking.remembering import Remembering
from ferrata.asking.saving import completed_text
from ferrata.base import Invalid, note, reason

KEYS = "Ctrl-B goes back to the question before. Ctrl-C ends it; what you answered is kept."


def completed(rules: ModuleType, beginning: Beginning, draft: Draft) -> dict[str, Any]:
    """Answers with nothing missing: on a terminal the gaps are asked for, elsewhere refused."""
    answers = beginning.answers
    if on_terminal() and missing(rules, answers):
        if faults := wrong(rules, answers):
            what = f"wrong answers{beginning.place} (mend them; what is missing is asked for then)"
            raise Invalid(what, told(faults, beginning.line_of))
        with terminal_prompts() as prompts:
            answers = asked(rules, prompts, beginning, draft)
    refuse_invalid(rules, answers, beginning.name, beginning.line_of)
    return answers


def asked(
    rules: ModuleType, prompts: Prompts, beginning: Beginning, draft: Draft
) -> dict[str, Any]:
    """Ask for what is missing; going back asks again from the start, with the replies known."""
    count = len(missing(rules, beginning.answers))
    noun = "answer is" if count == 1 else "answers are"
    prompts.say(f"{count} {noun} missing{beginning.place}. {KEYS}")
    _offer_draft(prompts, draft)
    remembering = Remembering(prompts, draft)
    while True:
        try:
            return _interviewed(rules, remembering, beginning)
        except Back:
            remembering.back()


def asked_entity(rules: ModuleType, answers: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Ask for everything of one more entity, with the questions of a new project."""
    count = len(answers["entities"])
    begun = {**answers, "entities": [*answers["entities"], {"name": name}]}
    draft = Draft(Path(name), kept=False)
    with terminal_prompts() as prompts:
        prompts.say(f"The entity {name!r}. Ctrl-B goes back to the question before.")
        remembering = Remembering(prompts, draft)
        while True:
            interview = Interview(rules, remembering, begun)
            try:
                interview.complete()
                return dict(interview.answers["entities"][count])
            except Back:
                remembering.back()


def _offer_draft(prompts: Prompts, draft: Draft) -> None:
    """Ask whether to go on from the draft, if there is one."""
    if not draft.replies:
        return
    there = f"{draft.file} has {len(draft.replies)} replies of an earlier try. Go on from them?"
    with contextlib.suppress(Back):
        if not prompts.sure(there, default=True):
            draft.discard()


def _interviewed(rules: ModuleType, prompts: Remembering, beginning: Beginning) -> dict[str, Any]:
    """Ask everything once, and offer to save it where a file was begun."""
    interview = Interview(rules, prompts, beginning.answers)
    interview.complete()
    if beginning.empty:
        interview.offer_more()
    answers = beginning.finished(rules, interview.answers)
    if beginning.file:
        offer_to_save(prompts.unremembered, beginning.file, answers)
    return answers


def tell_of_draft(draft: Draft) -> None:
    """Say where the replies are that an interrupted or failed run leaves."""
    if draft.replies:
        note(f"ferrata: your answers are kept in {draft.file}; the same command goes on from there")


def offer_to_save(prompts: Prompts, original: Path, answers: Mapping[str, Any]) -> None:
    """Write the answers where the user says, over nothing without asking."""
    if not prompts.sure("Save the completed answers to a file?", default=True):
        return
    text = completed_text(original.read_text("utf-8-sig"), load(original), answers)
    default = str(original.with_name(f"{original.stem}.complete{original.suffix or '.yml'}"))
    while True:
        target = Path(prompts.line("Where to?", _some_path, default=default)).expanduser()
        if _may_write(prompts, target) and _written(prompts, target, text):
            return


def _some_path(text: str) -> str:
    return "" if text and "\0" not in text else "must be the path of a file"


def _may_write(prompts: Prompts, target: Path) -> bool:
    question = f"{target} is there already. Overwrite it?"
    return not target.exists() or prompts.sure(question, default=False)


def _written(prompts: Prompts, target: Path, text: str) -> bool:
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        prompts.say(f"  {target} cannot be written: {reason(error)}")
        return False
    prompts.say(f"  saved to {target}")
    return True

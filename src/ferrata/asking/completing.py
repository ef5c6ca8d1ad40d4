"""`ferrata new --answers FILE` with a file that is not complete: ask for the rest, offer to keep it."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.answers import load, refuse_invalid
from ferrata.asking.gaps import missing, wrong
from ferrata.asking.interview import Interview
from ferrata.asking.prompts import Prompts, on_terminal, terminal_prompts
from ferrata.asking.saving import completed_text
from ferrata.base import Invalid, reason


def completed(rules: ModuleType, answers: dict[str, Any], file: Path) -> dict[str, Any]:
    """Answers with nothing missing: on a terminal the gaps are asked for, elsewhere refused."""
    if on_terminal() and missing(rules, answers):
        if faults := wrong(rules, answers):
            what = f"wrong answers for {file} (mend them; what is missing is asked for then)"
            raise Invalid(what, [str(fault) for fault in faults])
        with terminal_prompts() as prompts:
            answers = asked(rules, prompts, answers, file)
    refuse_invalid(rules, answers, str(file))
    return answers


def asked(
    rules: ModuleType, prompts: Prompts, answers: dict[str, Any], file: Path
) -> dict[str, Any]:
    """Ask for what is missing and offer to save it."""
    count = len(missing(rules, answers))
    noun = "answer is" if count == 1 else "answers are"
    prompts.say(f"{count} {noun} missing in {file}; Ctrl-C ends this without writing anything.")
    interview = Interview(rules, prompts, answers)
    interview.complete()
    offer_to_save(prompts, file, interview.answers)
    return interview.answers


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

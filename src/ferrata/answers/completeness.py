"""Stage 1: whether the answers are complete."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ferrata.answers.places import Line, lines_of, nowhere
from ferrata.base import Exit, Invalid, note, one_line, say, say_json


def verdict(rules: ModuleType, answers: Mapping[str, Any], file: Path, *, as_json: bool) -> Exit:
    """Print COMPLETE, or INCOMPLETE with a line for each problem."""
    line_of = lines_of(file)
    document = as_document(rules, answers, line_of)
    if as_json:
        say_json(document)
    elif document["complete"]:
        open_answers = [f"open: {entry['path']}: {entry['question']}" for entry in document["open"]]
        say("\n".join([*summary(rules, answers), *_warned(document["warnings"]), *open_answers]))
    else:
        lines = told(rules.problems(answers), line_of)
        say("\n".join([f"INCOMPLETE {file}: {_counted(lines)}", *lines]))
    return Exit.GREEN if document["complete"] else Exit.FAILURE


def _warned(advice: Sequence[Mapping[str, str]]) -> list[str]:
    return [f"warning: {line}" for line in as_lines(advice)]


def _counted(lines: list[str]) -> str:
    return "1 problem" if len(lines) == 1 else f"{len(lines)} problems"


def told(problems: Sequence[Any], line_of: Line) -> list[str]:
    """A line for each problem, with that of the file which it is about."""
    return [one_line(f"{problem}{_place(line_of(problem.path))}") for problem in problems]


def _place(line: int | None) -> str:
    return f" (line {line})" if line else ""


def refuse_invalid(
    rules: ModuleType, answers: Mapping[str, Any], what: str, line_of: Line = nowhere
) -> None:
    """Stop with every problem at once."""
    if found := rules.problems(answers):
        raise Invalid(f"INCOMPLETE {what}", told(found, line_of))


def as_document(rules: ModuleType, answers: Mapping[str, Any], line_of: Line) -> dict[str, Any]:
    """The verdict for machines."""
    found = rules.problems(answers)
    listed = [
        {
            "path": p.path,
            "line": line_of(p.path),
            "message": one_line(p.message),
            "question": p.question,
        }
        for p in found
    ]
    advice = [] if found else warnings(rules, answers)
    return {
        "complete": not found,
        "problems": listed,
        "warnings": advice,
        "open": [] if found else still_open(rules, answers),
    }


def still_open(rules: ModuleType, answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """The answers that are placeholders, with what is to be answered."""
    return [
        {"path": name, "question": rules.question(name)} for name in answers.get("open_answers", [])
    ]


def warnings(rules: ModuleType, answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """What contradicts itself in valid answers, for machines."""
    return [{"path": w.path, "message": one_line(w.message)} for w in rules.warnings(answers)]


def as_lines(advice: Sequence[Mapping[str, str]]) -> list[str]:
    """The same for people."""
    return [f"{entry['path']}: {entry['message']}" for entry in advice]


def note_warnings(rules: ModuleType, answers: Mapping[str, Any]) -> None:
    """Tell the warnings before something is made of the answers."""
    for line in as_lines(warnings(rules, answers)):
        note(f"ferrata: warning: {line}")


def summary(rules: ModuleType, answers: Mapping[str, Any]) -> list[str]:
    """What complete answers say, in a few lines."""
    level = next(row for row in rules.catalog()["levels"] if row["level"] == answers["level"])
    return [
        _verdict(answers),
        f"  level     {level['level']} {level['name']}, for {level['audience']}",
        f"  modules   {_modules(rules, answers)}",
        f"  services  {', '.join(rules.service_names(answers))}",
        f"  entities  {', '.join(entity['name'] for entity in answers['entities'])}",
    ]


def _verdict(answers: Mapping[str, Any]) -> str:
    count = len(answers.get("open_answers", []))
    return f"COMPLETE, with {count} open" if count else "COMPLETE"


def _modules(rules: ModuleType, answers: Mapping[str, Any]) -> str:
    chosen = answers["modules"]
    brought = [name for name in rules.closure(answers["level"], chosen) if name not in chosen]
    said = ", ".join(chosen) or "none"
    return f"{said} (bringing {', '.join(brought)})" if brought else said

"""Asking for what is missing in the answers, and for nothing else."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ferrata.asking import choices
from ferrata.asking.gaps import (
    AnswerPath,
    at,
    broken_by,
    missing,
    path_of,
    put,
    text_of,
    wrong,
)
from ferrata.asking.prompts import Check, Option, Prompts, reason

# Above this many characters a text is typed into a prompt of several lines.
LONG_TEXT = 2000
NOTHING_HINT = re.compile(r"\s*\[\] if (none|nothing)\.$")
# Longer ones are no sensible answers, and Python would take long to read them.
NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")


@dataclass
class Interview:
    """Completes `answers`, which are never left half-changed by a question."""

    rules: ModuleType
    prompts: Prompts
    answers: dict[str, Any]

    def complete(self) -> None:
        """Ask until nothing is missing, or until something has to be mended by hand."""
        while gaps := missing(self.rules, self.answers):
            if wrong(self.rules, self.answers):
                return
            self.ask(path_of(gaps[0].path), gaps[0].question)

    def offer_more(self) -> None:
        """Offer the answers that are optional."""
        self._ask_extras((), "Is there more to say?")
        self.complete()

    def ask(self, path: AnswerPath, question: str | None = None) -> None:
        """Ask for the value at a path, in the way that fits its kind."""
        node = self.rules.schema_at(path)
        asked = _asked(node, path, question)
        match node:
            case _ if path == ("level",):
                self._choose(path, asked, choices.levels(self.rules))
            case {"enum": values}:
                self._choose(path, asked, choices.plain(values))
            case {"type": "array"}:
                self._ask_list(path, asked)
            case {"type": "object"}:
                self._ask_mapping(path, asked)
            case {"type": [*_]}:
                self._ask_default(path, asked)
            case _ if path[-1] == "references":
                self._choose(path, asked, choices.entities(self.answers))
            case {"type": "string", "maxLength": int(most)} if most > LONG_TEXT:
                self._place(path, self.prompts.text(asked, self._check(path)))
            case _:
                self._ask_line(path, asked, node)

    def _place(self, path: AnswerPath, value: Any) -> None:
        self.answers = put(self.answers, path, value)

    def _check(
        self, path: AnswerPath, value_of: Callable[[Any], Any] = lambda given: given
    ) -> Check:
        """A check of what is given for a path."""
        return lambda given: reason(broken_by(self.rules, self.answers, path, value_of(given)))

    def _ask_line(self, path: AnswerPath, asked: str, node: Mapping[str, Any]) -> None:
        value_of = number if node["type"] in {"integer", "number"} else str
        default = self._next_id(path, node)
        self._place(
            path, value_of(self.prompts.line(asked, self._check(path, value_of), default=default))
        )

    def _next_id(self, path: AnswerPath, node: Mapping[str, Any]) -> str:
        """The first free id of a requirement, to be taken with Enter."""
        prefix = re.match(r"\^([A-Z]{2}-)", node.get("pattern", ""))
        if prefix is None:
            return ""
        taken = [entry.get("id") for entry in at(self.answers, path[:-2])]
        ids = (f"{prefix[1]}{n:03}" for n in range(1, 1000))
        return next(name for name in ids if name not in taken)

    def _choose(self, path: AnswerPath, asked: str, options: list[Option]) -> None:
        self._place(path, self.prompts.one(asked, options, self._check(path)))

    def _ask_default(self, path: AnswerPath, asked: str) -> None:
        """A default has the type of its field."""
        field = at(self.answers, path[:-1])
        match field.get("type"):
            case "boolean":
                self._choose(path, asked, choices.plain([True, False]))
            case "enum":
                self._choose(path, asked, choices.plain(field.get("values", [])))
            case kind:
                value_of = number if kind in {"integer", "decimal"} else str
                self._place(path, value_of(self.prompts.line(asked, self._check(path, value_of))))

    def _ask_list(self, path: AnswerPath, asked: str) -> None:
        item = self.rules.schema_at((*path, 0))
        if path == ("modules",):
            self._ask_modules(path, asked)
        elif path[-1] == "operations":
            self._tick(path, asked, choices.operations(self.answers))
        elif "enum" in item:
            self._tick(path, asked, choices.plain(item["enum"]))
        elif item["type"] == "object":
            self._ask_records(path, asked)
        else:
            self._ask_lines(path, asked)

    def _tick(self, path: AnswerPath, asked: str, options: list[Option]) -> None:
        self._place(path, self.prompts.many(asked, options, self._check(path)))

    def _ask_modules(self, path: AnswerPath, asked: str) -> None:
        options = choices.modules(self.rules)
        if all(option.disabled for option in options):
            # A list of boxes needs one that can be ticked.
            self._choose(path, asked, [Option([], "none"), *options])
        else:
            self._tick(path, asked, options)

    def _ask_lines(self, path: AnswerPath, asked: str) -> None:
        """Texts, one a line; an empty line ends the list."""
        least = self.rules.schema_at(path).get("minItems", 0)
        before = self.answers
        entries: list[str] = []
        while True:
            self.answers = put(before, path, entries)
            entry = (*path, len(entries))
            enough = len(entries) >= least

            def check(text: str, entry: AnswerPath = entry, enough: bool = enough) -> str:  # noqa: FBT001
                if text or not enough:
                    return self._check(entry)(text)
                return ""

            hint = "(one a line, an empty line ends)" if not entries else "  and"
            text = self.prompts.line(f"{asked} {hint}" if not entries else hint, check)
            if not text:
                return
            entries = [*entries, text]

    def _ask_records(self, path: AnswerPath, asked: str) -> None:
        """Mappings, one after the other, field by field."""
        node = self.rules.schema_at(path)
        name = _singular(path)
        self.prompts.say(asked)
        self._place(path, [])
        count = 0
        while count < node["maxItems"]:
            more = f"Another {name}?" if count else "Is there one?"
            if count >= node.get("minItems", 0) and not self.prompts.sure(more, default=False):
                return
            self._ask_mapping((*path, count), f"{name} {count + 1}")
            count += 1

    def _ask_mapping(self, path: AnswerPath, asked: str) -> None:
        """What a mapping must have, then what it may have."""
        self.prompts.say(asked)
        self._place(path, {})
        around = text_of(path)
        while inside := [
            gap for gap in missing(self.rules, self.answers) if gap.path.startswith(f"{around}.")
        ]:
            self.ask(path_of(inside[0].path), inside[0].question)
        self._ask_extras(path, "Is there more to say about it?")

    def _ask_extras(self, path: AnswerPath, asked: str) -> None:
        """Offer what is optional; a switch is on by being ticked."""
        offered = choices.extras(self.rules, self.answers, path)
        names = [option.value for option in offered]
        if not names:
            return
        switches = {name for name in names if self._is_switch((*path, name))}

        def with_switches(chosen: Iterable[str]) -> dict[str, Any]:
            return {**at(self.answers, path), **dict.fromkeys(switches & set(chosen), True)}

        def check(chosen: list[str]) -> str:
            if {"required", "default"} <= set(chosen):
                return "a field that is required needs no default; tick one of them"
            return self._check(path, with_switches)(chosen)

        chosen = self.prompts.many(asked, offered, check)
        self._place(path, with_switches(chosen))
        for name in (name for name in names if name in chosen and name not in switches):
            self.ask((*path, name))

    def _is_switch(self, path: AnswerPath) -> bool:
        return bool(self.rules.schema_at(path).get("type") == "boolean")


def number(text: str) -> Any:
    """The number that a text says; the text itself if it says none, for the check to refuse."""
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _asked(node: Mapping[str, Any], path: AnswerPath, question: str | None) -> str:
    """The question in plain words; inside an answer with the place."""
    words = question or node.get("x-question") or node.get("description") or text_of(path)
    words = NOTHING_HINT.sub("", words)
    return f"{words} ({text_of(path)})" if len(path) > 1 else words


def _singular(path: AnswerPath) -> str:
    words = str(path[-1]).replace("_", " ")
    return f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")

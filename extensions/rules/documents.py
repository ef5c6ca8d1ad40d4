"""Texts of the answers as parts of Markdown documents."""

import re
from collections.abc import Mapping
from typing import Any


def requirement_state(requirement: Mapping[str, Any]) -> str:
    """`in scope`, or why and by whom a requirement was descoped."""
    descoped = requirement.get("descoped")
    if not descoped:
        return "in scope"
    return f"descoped by {descoped['approved_by']}: {descoped['reason']}"


def cell(text: str) -> str:
    """A text as a cell of a Markdown table: it must not break the row."""
    return text.strip().replace("|", "\\|").replace("\n", "<br>")


# What a sentence ends with; what is in brackets or quotes may have ended before.
ENDED = re.compile(r"[.!?:;…][^\w\s]*$")


def sentence(text: str) -> str:
    """A text that another one may follow: with a full stop where nothing else ends it."""
    text = text.strip()
    return text if ENDED.search(text) else f"{text}."


# What at the start of a line makes a heading of it or of the line before, code or HTML of all that
# follows, or a list in a list at once.
TAKING_OVER = re.compile(
    r"^ {0,3}(?=#{1,6}(?:[ \t]|$)|```|~~~|<|(?:=+|-+)[ \t]*$|(?:[-*+>][ \t]+){2})", re.MULTILINE
)

MARKER = re.compile(r"^(?=[-*+>](?:\s|$))")


def prose(text: str) -> str:
    """A text as paragraphs of Markdown, lists and such included: the document keeps its outline."""
    return TAKING_OVER.sub(r"\g<0>\\", text.strip())


def item(text: str) -> str:
    """A text as an item of a Markdown list: further lines are indented, the first is no list."""
    return MARKER.sub(r"\\", prose(text)).replace("\n", "\n  ")

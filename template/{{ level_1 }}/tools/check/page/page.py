"""The page as a whole."""

from pathlib import Path
from string import Template
from typing import Any

from tools.check.page.markup import Markup, joined
from tools.check.page.sections import SECTIONS
from tools.check.page.summary import summary, verdict

_FOLDER = Path(__file__).parent
_ICON_COLOURS = {"good": "1a7f4b", "bad": "b3261e", "open": "8a5a00"}


def page(content: dict[str, Any]) -> str:
    """Render the content of gates.json."""
    kind, sentence = verdict(content)
    parts: dict[str, object] = {
        "title": joined([f"{content['project']}: {sentence.lower()}"]),
        "icon": _ICON_COLOURS[kind],
        "style": Markup((_FOLDER / "style.css").read_text(encoding="utf-8")),
        "header": summary(content),
        "main": joined(section(content) for section in SECTIONS),
    }
    return Template((_FOLDER / "page.html").read_text(encoding="utf-8")).substitute(parts)

"""What a state looks like: never by its colour alone."""

from typing import Final

from tools.check.page.markup import Markup, tag

_GOOD, _BAD, _OPEN, _QUIET = "good", "bad", "open", "quiet"
_LOOKS: Final = {
    "passed": (_GOOD, "✓"),
    "covered": (_GOOD, "✓"),
    "failed": (_BAD, "✗"),
    "uncovered": (_OPEN, "○"),
    "not run": (_OPEN, "○"),
    "not known": (_OPEN, "○"),
    "not measured": (_QUIET, "–"),
    "descoped": (_QUIET, "–"),
    "skipped": (_OPEN, "○"),
    "xfailed": (_OPEN, "○"),
    "xpassed": (_OPEN, "○"),
}


def look(state: str) -> str:
    """Return the class of a state."""
    return _LOOKS[state][0]


def badge(state: str, said: str | None = None) -> Markup:
    """Return a state as a sign and a word."""
    kind, sign = _LOOKS[state]
    return tag("span", tag("i", sign, aria_hidden="true"), said or state, class_=f"badge {kind}")

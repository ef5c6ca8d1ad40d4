"""What a text may hold."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

UNIQUE: Final = (
    "Has one way to be written: no blanks around it, nothing invisible, Unicode normal form C."
)

# Control characters, and the two that separate lines and paragraphs in Unicode.
_CONTROLS: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_CONTROLS_BUT_LINES: Final = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029"
_CONTROL = {False: re.compile(f"[{_CONTROLS}]"), True: re.compile(f"[{_CONTROLS_BUT_LINES}]")}
# In no font: format characters, private use, and the letters that stand for nothing.
_INVISIBLE: Final = frozenset({"Cf", "Co", "Cn", "Cs"})
_EMPTY_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def check(text: str, *, required: bool, unique: bool, lines: bool) -> str:
    """Refuse what a text of this kind may not hold."""
    if _CONTROL[lines].search(text):
        msg = "must not hold control characters"
        raise ValueError(msg)
    if required and not text.strip():
        msg = "must not be blank"
        raise ValueError(msg)
    if unique:
        _check_unique(text)
    return text


def _check_unique(text: str) -> None:
    if text.isascii():
        other_form = invisible = False
    else:
        other_form = not unicodedata.is_normalized("NFC", text)
        invisible = any(map(_is_invisible, text))
    if text != text.strip():
        msg = "must not begin or end with a blank"
        raise ValueError(msg)
    if other_form:
        msg = "must be in Unicode normal form C"
        raise ValueError(msg)
    if invisible:
        msg = "must not hold invisible characters"
        raise ValueError(msg)


def _is_invisible(character: str) -> bool:
    if character in _EMPTY_LETTERS:
        return True
    kind = unicodedata.category(character)
    return kind in _INVISIBLE or (kind == "Zs" and character != " ")


def check_email(text: object, address: Callable[[object], str]) -> str:
    """Take one address and nothing else, in lower case."""
    known = address(text)
    if not isinstance(text, str) or known.lower() != text.lower():
        msg = "must be an e-mail address and nothing else"
        raise ValueError(msg)
    return known.lower()


def pattern(required: bool, lines: bool) -> str:  # noqa: FBT001
    """Give the regular expression of such texts, for OpenAPI."""
    controls = _CONTROLS_BUT_LINES if lines else _CONTROLS
    return rf"^[^{controls}]*[^{controls}\s][^{controls}]*$" if required else f"^[^{controls}]*$"

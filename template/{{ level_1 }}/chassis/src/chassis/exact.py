"""JSON that can be kept and given back as it came; everything else is refused."""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Any, Final

MAX_DEPTH: Final = 32
MAX_NODES: Final = 20_000
# Databases write numbers out: 1e300 is 300 digits there, in events and in answers.
LARGEST: Final = 1e60
SMALLEST: Final = 1e-60
LARGEST_WHOLE: Final = 2**63 - 1
_LONGEST_NUMBER: Final = 100
_SURELY_EXACT: Final = 16  # characters: a double keeps 15 digits whatever they are

TOO_DEEP = "Is nested deeper than {} levels"
TOO_MANY = "There are more than {} values"
NO_NUMBER = "Is not a number that JSON has"
TOO_EXTREME = "Is a number with an exponent above 60 or below -60"
TOO_LARGE = "Is a whole number above 64 bits: send it as a text"
TOO_PRECISE = "Has more digits than a JSON number keeps: send it as a text"
TWICE = "Is named twice"
NO_TEXT = "Holds a NUL or half a character"


class NotExact(ValueError):  # noqa: N818  # says what the JSON is
    """Something in JSON that could not be given back as it came, and where it is."""

    def __init__(self, reason: str, path: Sequence[str | int] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = list(path)


def parse(body: bytes, *, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> Any:
    """Read JSON in UTF-8; raises NotExact, and another ValueError for what is no JSON at all."""
    try:
        value = _decoder.decode(body.decode())
    except RecursionError:
        raise NotExact(TOO_DEEP.format(max_depth)) from None
    check(value, max_depth=max_depth, max_nodes=max_nodes)
    return value


def check(value: Any, *, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> None:
    """Go through a value that JSON can hold; raises NotExact."""
    _Walk(max_depth, max_nodes).visit(value, 0)


class _Walk:
    """One way through a value, which ends at the first thing that is not exact."""

    def __init__(self, max_depth: int, max_nodes: int) -> None:
        self._max_depth = max_depth
        self._max_nodes = max_nodes
        self._nodes = 0

    def visit(self, value: Any, depth: int) -> None:
        match value:
            case str():
                _check_text(value)
            case dict():
                self._enter(value, depth)
                for name, item in value.items():
                    self._visit_part(name, item, depth)
            case list():
                self._enter(value, depth)
                for index, item in enumerate(value):
                    self._visit_part(index, item, depth)
            case bool() | None:
                pass
            case int() | float():
                _check_number(value)
            case _Flaw(path=path):
                raise NotExact(value.reason, path)

    def _enter(self, value: dict[str, Any] | list[Any], depth: int) -> None:
        self._nodes += len(value)
        if self._nodes > self._max_nodes:
            raise NotExact(TOO_MANY.format(self._max_nodes))
        if depth == self._max_depth:
            raise NotExact(TOO_DEEP.format(self._max_depth))

    def _visit_part(self, name: str | int, item: Any, depth: int) -> None:
        try:
            if isinstance(name, str):
                _check_text(name)
            self.visit(item, depth + 1)
        except NotExact as error:
            error.path.insert(0, name)
            raise


def _check_text(text: str) -> None:
    if "\0" in text:
        raise NotExact(NO_TEXT)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotExact(NO_TEXT) from None


def _check_number(number: float) -> None:
    if isinstance(number, int):
        if abs(number) > LARGEST_WHOLE:
            raise NotExact(TOO_LARGE)
    elif not isfinite(number):
        raise NotExact(NO_NUMBER)
    elif number and not SMALLEST <= abs(number) <= LARGEST:
        raise NotExact(TOO_EXTREME)


class _Flaw:
    """Stands in parsed JSON for a part that is not exact, until the way through finds it."""

    def __init__(self, reason: str, *path: str) -> None:
        self.reason = reason
        self.path = path


def _whole(text: str) -> int | _Flaw:
    return int(text) if len(text) <= _LONGEST_NUMBER else _Flaw(TOO_LARGE)


def _broken(text: str) -> float | _Flaw:
    if len(text) > _LONGEST_NUMBER:
        return _Flaw(TOO_PRECISE)
    number = float(text)
    if len(text) <= _SURELY_EXACT and "e" not in text and "E" not in text:
        return number
    if not isfinite(number) or (not number and text.lower().partition("e")[0].strip("-0.")):
        return _Flaw(TOO_EXTREME)
    return number if not number or _is_kept(number, Decimal(text)) else _Flaw(TOO_PRECISE)


def _is_kept(number: float, sent: Decimal) -> bool:
    """Tell whether a double is what was sent, also for those who read a whole one as such."""
    if number.is_integer() and abs(number) <= LARGEST_WHOLE:
        return int(number) == sent
    return Decimal(repr(number)) == sent


def _constant(_name: str) -> _Flaw:
    return _Flaw(NO_NUMBER)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Flaw:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = Counter(name for name, _ in pairs)
    return _Flaw(TWICE, next(name for name, times in names.items() if times > 1))


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_broken, parse_int=_whole, parse_constant=_constant
)


def whole_or_broken(text: str) -> int | float:
    """Read digits that a database wrote out; what is above 64 bits was a broken number before."""
    number = int(text) if len(text) <= len(str(-LARGEST_WHOLE)) else LARGEST_WHOLE + 1
    return number if abs(number) <= LARGEST_WHOLE else float(text)

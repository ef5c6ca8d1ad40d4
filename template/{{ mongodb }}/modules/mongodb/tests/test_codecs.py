"""Whatever is kept comes back as it was: values at random, the same ones each time."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from bson import decode, encode

from chassis_mongodb.documents.codecs import CODECS, disguised, revealed

FIRST = dt.datetime(2, 1, 1, tzinfo=dt.UTC)
DAYS = 3_650_000

type Draw = Callable[[], Any]


def value(draw: Random, depth: int = 0) -> Any:
    """Draw a value of any kind, down to a few levels of nesting."""
    kinds: list[Draw] = [
        lambda: None,
        lambda: draw.random() < 0.5,
        lambda: draw.randint(-(2**63), 2**63 - 1),
        lambda: draw.uniform(-1e300, 1e300),
        lambda: Decimal(draw.randint(-(10**34) + 1, 10**34 - 1)).scaleb(-draw.randint(0, 34)),
        lambda: UUID(int=draw.getrandbits(128)),
        lambda: time(draw),
        lambda: "".join(chr(draw.randint(1, 0xD7FF)) for _ in range(draw.randint(0, 20))),
        lambda: [value(draw, depth + 1) for _ in range(draw.randint(0, 3))],
        lambda: {str(name): value(draw, depth + 1) for name in range(draw.randint(0, 3))},
    ]
    return draw.choice(kinds if depth < 3 else kinds[:-2])()


def time(draw: Random) -> dt.datetime:
    """Draw a time of any zone, to the millisecond."""
    zone = dt.timezone(dt.timedelta(minutes=draw.randint(-12 * 60, 14 * 60)))
    since = dt.timedelta(days=draw.randint(0, DAYS), milliseconds=draw.randint(0, 86_399_999))
    return (FIRST + since).astimezone(zone)


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_kept_comes_back(seed: int) -> None:
    document = {"value": [value(Random(seed * 100 + number)) for number in range(20)]}  # noqa: S311

    back = decode(encode(document, codec_options=CODECS), CODECS)

    assert back == document
    assert digits(back) == digits(document), "every digit of a decimal is there, the last zeros too"


def digits(found: Any) -> list[str]:
    """Write out every decimal in a document."""
    match found:
        case Decimal():
            return [str(found)]
        case dict():
            return [text for one in found.values() for text in digits(one)]
        case list():
            return [text for one in found for text in digits(one)]
        case _:
            return []


@pytest.mark.parametrize(
    "document",
    [
        {"$ref": "beds", "$id": 7},
        {"$ref": 7, "$id": 7, "$db": "x", "more": 1},
        {"list": [{"$ref": "#/a", "$id": {"$ref": "b", "$id": None}}]},
        {"\\$ref": "a", "\\\\$ref": "b", "$ref": "c", "$id": "d", "\\": 1, "$refs": 2},
    ],
)
def test_what_drivers_take_for_a_reference_comes_back(document: dict[str, Any]) -> None:
    kept = encode(disguised(document), codec_options=CODECS)

    assert revealed(decode(kept, CODECS)) == document

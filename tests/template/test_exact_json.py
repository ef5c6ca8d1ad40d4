"""Whatever JSON is sent: it comes back as it was, or it is refused with the way to what is wrong."""

import json
import math
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support import ROOT

CODEC = ROOT / "template/{{ level_1 }}/chassis/src/chassis/exact.py"

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(1e-60, 1e60).map(
    lambda number: float(repr(number))
)
SCALARS = st.none() | st.booleans() | TEXTS | NUMBERS
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=30
)
# Digits as nobody would write them.
DIGITS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)


@pytest.fixture(scope="module")
def codec() -> ModuleType:
    spec = spec_from_file_location("exact", CODEC)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(DOCUMENTS)
@settings(max_examples=300)
def test_a_document_comes_back(codec: ModuleType, document: Any) -> None:
    try:
        parsed = codec.parse(json.dumps(document).encode())
    except codec.NotExact as error:
        assert error.reason == codec.TOO_PRECISE  # a whole double that digits cannot say exactly
        return

    assert parsed == document
    assert json.loads(json.dumps(parsed)) == document


@given(DIGITS)
@settings(max_examples=1000)
def test_a_number_is_exact_or_refused(codec: ModuleType, digits: str) -> None:
    try:
        number = codec.parse(digits.encode())
    except codec.NotExact:
        return

    assert math.isfinite(number)
    assert Decimal(repr(number)) == Decimal(digits)
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**63:
        assert int(number) == Decimal(digits)


@given(st.integers(1, 15), st.integers(-20, 20), st.data())
def test_fifteen_digits_are_always_taken(
    codec: ModuleType, digits: int, exponent: int, data: st.DataObject
) -> None:
    number = data.draw(st.integers(10 ** (digits - 1), 10**digits - 1))
    text = f"{number}e{exponent}"
    # Whoever reads a larger one as a whole number gets another: those are refused.
    assume(Decimal(text) <= 2**53)

    assert Decimal(repr(codec.parse(text.encode()))) == Decimal(text)


@given(
    st.binary(max_size=200)
    | st.text('[]{}":,0123456789eE+-.ntfalsru\\ \ud800\0').map(
        lambda text: text.encode("utf-8", "surrogatepass")
    )
)
@settings(max_examples=1000)
def test_anything_is_parsed_or_refused(codec: ModuleType, body: bytes) -> None:
    try:
        codec.parse(body)
    except ValueError:  # NotExact is one
        return


@given(st.integers(1, 60))
def test_depth_is_bounded(codec: ModuleType, depth: int) -> None:
    body = b'{"a":' * depth + b"1" + b"}" * depth

    if depth <= codec.MAX_DEPTH:
        codec.parse(body)
    else:
        with pytest.raises(codec.NotExact) as raised:
            codec.parse(body)
        assert raised.value.path == ["a"] * codec.MAX_DEPTH

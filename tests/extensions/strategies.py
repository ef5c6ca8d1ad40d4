"""Answers as people never write them, but may: valid ones, and anything at all."""

from typing import Any

from hypothesis import strategies as st

from tests.support import extension

TYPES = extension().catalog()["field_types"]
LINES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\x85"),
    min_size=1,
    max_size=80,
).filter(str.strip)
IDENTIFIERS = st.from_regex(r"[a-z][a-z0-9]{1,9}(_[a-z0-9]{1,9}){0,1}", fullmatch=True)


@st.composite
def fields(draw: st.DrawFn, entity_names: list[str]) -> dict[str, Any]:
    """One field of any type, with the limits of its type now and then."""
    kind = draw(st.sampled_from(sorted(TYPES)))
    field: dict[str, Any] = {"name": draw(IDENTIFIERS), "type": kind}
    if draw(st.booleans()):
        field["required"] = draw(st.booleans())
    if TYPES[kind]["unique"] and draw(st.booleans()):
        field["unique"] = draw(st.booleans())
    match kind:
        case "enum":
            texts = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._+/-]{0,48}", fullmatch=True)
            field["values"] = draw(st.lists(texts, min_size=1, max_size=9, unique=True))
        case "reference":
            field["references"] = draw(st.sampled_from(entity_names))
            field.pop("required", None)
        case "string" | "text":
            if draw(st.booleans()):
                field["max_length"] = draw(st.integers(1, 100_000))
        case "integer" | "decimal":
            low, high = sorted(
                draw(st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)))
            )
            field |= draw(
                st.sampled_from(
                    [{}, {"minimum": low}, {"maximum": high}, {"minimum": low, "maximum": high}]
                )
            )
    return field


@st.composite
def entities(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to four entities that refer to each other at will."""
    names = draw(st.lists(IDENTIFIERS, min_size=1, max_size=4, unique=True))
    return [
        {"name": name, "fields": draw(st.lists(fields(names), min_size=1, max_size=8))}
        for name in names
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)

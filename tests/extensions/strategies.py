"""Answers as people never write them, but may: valid ones, and anything at all."""

from typing import Any

from hypothesis import strategies as st

from tests.support import extension

TYPES = extension().catalog()["field_types"]
# What some format or other takes for its own: Python, TOML, YAML, JSON, Jinja, Markdown, HTML,
# shell, make, environment files; and what no format takes for anything.
HOSTILE = (
    *(
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "\\n",
        "\\u0041",
        "`id`",
        "$(id)",
        "${HOME}",
        "$$",
        "%s",
        "%(a)s",
    ),
    *(
        "{{ project }}",
        "{% if level %}",
        "{#",
        "#}",
        "{",
        "}",
        "{0}",
        "[",
        "]",
        "${{ github.ref }}",
    ),
    *(
        "# ",
        "- ",
        "* ",
        "> ",
        "| a | b |",
        "---",
        "...",
        "```",
        "<b>",
        "</script>",
        "<!--",
        "&amp;",
        "!",
    ),
    *(
        ": ",
        "a: b",
        "&a",
        "*a",
        "!!python/object:os.system",
        "~",
        "null",
        "yes",
        "1e3",
        "0x10",
        "=",
        ";",
    ),
    *(
        "日本語",
        "한국어",
        "Заказы",
        "עברית",
        "مرحبا",
        "\u202e",
        "\u200f",
        "🚀",
        "👩‍👩‍👧",
        "e\u0301",
        "\u00a0",
        "\u200b",
        "\ufeff",
    ),
)
# Control characters that are no text, and halves of characters, which no file can hold.
NO_TEXT = ["Cc", "Cs"]
CHARACTERS = st.characters(exclude_categories=[*NO_TEXT, "Zl", "Zp"], exclude_characters="\x85")
BREAKS = ("\n", "\n\n", "\t", "\n- ", "\n# ", "\n```\n", "\n---\n", "\u2028", "\x85", " \n")


def _texts(pieces: tuple[str, ...], longest: int) -> st.SearchStrategy[str]:
    """Texts of hostile pieces and any characters; now and then as long as can be."""
    piece = st.sampled_from(pieces) | st.text(CHARACTERS, min_size=1, max_size=6)
    short = st.lists(piece, min_size=1, max_size=8).map(" ".join)
    long = st.builds(lambda text: (text * longest)[:longest], short)
    return st.one_of(*[short] * 15, long).map(lambda t: t[:longest]).filter(str.strip)


def lines(longest: int = 80) -> st.SearchStrategy[str]:
    """Texts of one line."""
    return _texts(HOSTILE, longest)


def texts(longest: int = 1000) -> st.SearchStrategy[str]:
    """Texts of any lines."""
    return _texts((*HOSTILE, *BREAKS), longest)


LINES = lines()
SHORT = st.from_regex(r"[a-z][a-z0-9]{1,9}(_[a-z0-9]{1,9}){0,1}", fullmatch=True)
# As long as a name may be.
LONG = st.from_regex(r"[a-z][a-z0-9]{8}(_[a-z0-9]{8}){2}[a-z]", fullmatch=True)
IDENTIFIERS = st.one_of(SHORT, SHORT, SHORT, LONG)


@st.composite
def fields(draw: st.DrawFn, entity_names: list[str]) -> dict[str, Any]:  # noqa: C901  (one case for each type)
    """One field of any type, with the limits of its type now and then."""
    kind = draw(st.sampled_from(sorted(TYPES)))
    field: dict[str, Any] = {"name": draw(IDENTIFIERS), "type": kind}
    if draw(st.booleans()):
        field["required"] = draw(st.booleans())
    if TYPES[kind]["unique"] and draw(st.booleans()):
        field["unique"] = draw(st.booleans())
    match kind:
        case "enum":
            choices = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._+/-]{0,48}", fullmatch=True)
            field["values"] = draw(st.lists(choices, min_size=1, max_size=9, unique=True))
            if draw(st.booleans()) and "required" not in field:
                field["default"] = draw(st.sampled_from(field["values"]))
        case "reference":
            field["references"] = draw(st.sampled_from(entity_names))
            field.pop("required", None)
        case "string" | "text":
            if draw(st.booleans()):
                field["max_length"] = draw(st.integers(1, 100_000))
            if draw(st.booleans()) and "required" not in field:
                longest = min(field.get("max_length", 100), 100)
                text = st.text(CHARACTERS, min_size=1, max_size=longest)
                field["default"] = draw(text.filter(str.isprintable).filter(str.strip))
        case "boolean":
            if draw(st.booleans()) and "required" not in field:
                field["default"] = draw(st.booleans())
        case "integer" | "decimal":
            if kind == "decimal" and draw(st.booleans()):
                field["decimal_places"] = draw(st.integers(0, 9))
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


EMAILS = st.from_regex(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}@[a-z0-9]{1,20}\.[a-z]{2,6}", fullmatch=True
)
# No package, nor the other half of a data service's name.
PARTS = st.from_regex(r"[a-z][a-z0-9]{1,8}(_[a-z0-9]{1,8})?", fullmatch=True).filter(
    lambda name: name not in {"chassis", "shared", "tools", "tests"}
)


@st.composite
def requirements(draw: st.DrawFn, prefix: str) -> list[dict[str, Any]]:
    """Requirements or constraints with every optional part now and then."""
    descoped = st.fixed_dictionaries({"reason": texts(), "approved_by": lines(200)})
    one = st.fixed_dictionaries(
        {"title": lines(200), "priority": st.sampled_from(["must", "should", "could"])},
        optional={"acceptance": texts(10_000), "descoped": descoped},
    )
    found = draw(st.lists(one, min_size=1, max_size=3))
    return [{"id": f"{prefix}-{number:03}", **each} for number, each in enumerate(found, 1)]


@st.composite
def briefs(draw: st.DrawFn) -> dict[str, Any]:
    """Every answer but the level, the modules and the entities."""
    some = st.lists(texts(), min_size=1, max_size=3)
    maybe = st.lists(texts(), max_size=2)
    targets = {
        "p95_latency_ms": st.integers(1, 60_000),
        "availability_percent": st.floats(0, 100) | st.integers(0, 100),
        "expected_users": st.integers(0, 10**12),
        "expected_requests_per_day": st.integers(0, 10**12),
        "compliance": st.lists(texts(200), max_size=3),
    }
    risk = st.fixed_dictionaries(
        {
            "risk": texts(),
            "impact": st.sampled_from(["low", "medium", "high", "critical"]),
            "mitigation": texts(),
        }
    )
    brief = draw(
        st.fixed_dictionaries(
            {
                "project_name": lines(80),
                "context": PARTS,
                "domain": PARTS,
                "author_name": lines(120),
                "author_email": EMAILS,
                "problem": texts(10_000),
                "target_users": some,
                "success_metrics": some,
                "functional_requirements": requirements("FR"),
                "non_functional": st.fixed_dictionaries(
                    targets, optional={"constraints": requirements("NF")}
                ),
                "integrations": st.lists(
                    st.fixed_dictionaries({"name": lines(120), "purpose": texts()}), max_size=2
                ),
                "scope_in": some,
                "scope_out": maybe,
                "deliverables": some,
                "acceptance_criteria": some,
            },
            optional={
                "license": st.sampled_from(["MIT", "GPL-3.0-or-later", "proprietary"]),
                "risks": st.lists(risk, max_size=2),
                "open_questions": maybe,
            },
        )
    )
    if draw(st.booleans()):
        brief["function"] = draw(PARTS.map(lambda part: part[:16].rstrip("_")))
        brief["function_reason"] = draw(texts(500))
    return brief


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)

"""Answers as people never write them, but may: valid ones, and anything at all."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ferrata.planning import Combination, combinations
from tests.support import answers_of, brief, extension

COMBINATIONS = combinations(extension())
TASK = answers_of("task_manager")["entities"]
TYPES = extension().catalog()["field_types"]
LICENSES = extension().schema()["properties"]["license"]["enum"]
PYTHONS = extension().schema()["properties"]["python_version"]["enum"]
OPEN = extension().schema()["properties"]["open_answers"]["items"]["enum"]
OPERATIONS = ("create", "get", "list", "update", "delete")
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


SHORT = st.from_regex(r"[a-z][a-z0-9]{1,9}(_[a-z0-9]{1,9}){0,1}", fullmatch=True)
# As long as a name may be.
LONG = st.from_regex(r"[a-z][a-z0-9]{8}(_[a-z0-9]{8}){2}[a-z]", fullmatch=True)
IDENTIFIERS = st.one_of(SHORT, SHORT, SHORT, LONG)


# What would be an import, or end a text, if it were code.
CODE = ("UUID", "dt.date", "Literal", "Decimal", "Any", '"', "'", '"""', "\\", "{x}", "#", "日本")


def defaults(longest: int) -> st.SearchStrategy[str]:
    """Printable texts, also such as look like code."""
    codes = st.lists(st.sampled_from(CODE), min_size=1, max_size=5).map(" ".join)
    anything = st.text(CHARACTERS, min_size=1, max_size=longest)
    cut = (codes | anything).map(lambda text: text[:longest])
    return cut.filter(str.isprintable).filter(str.strip)


@st.composite
def numbers(draw: st.DrawFn, places: int) -> dict[str, Any]:
    """A smallest and a largest value and one between them, or some of these."""
    # All digits fit into a column of 18, and into the JSON number of an answer.
    wide = 10**6 if places else 10**9
    low, between, high = sorted(
        draw(st.lists(st.integers(-wide * 10**places, wide * 10**places), min_size=3, max_size=3))
    )
    limits = {"minimum": low, "maximum": high, "default": between}
    kept = draw(st.sets(st.sampled_from(sorted(limits))))
    whole = {key: value for key, value in limits.items() if key in kept}
    return {key: value / 10**places if places else value for key, value in whole.items()}


@st.composite
def fields(  # noqa: C901  (one case for each type)
    draw: st.DrawFn, entity_names: list[str], earlier: list[str]
) -> dict[str, Any]:
    """One field of any type, with the limits of its type now and then.

    A reference to an entity that is not `earlier` is never required: it might close a circle.
    """
    kind = draw(st.sampled_from(sorted(TYPES)))
    field: dict[str, Any] = {"name": draw(IDENTIFIERS), "type": kind}
    if TYPES[kind]["unique"] and draw(st.booleans()):
        field["unique"] = draw(st.booleans())
    match kind:
        case "enum":
            choices = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._+/-]{0,48}", fullmatch=True)
            choices |= st.sampled_from(["UUID", "dt", "Literal", "None"])
            field["values"] = draw(st.lists(choices, min_size=1, max_size=9, unique=True))
            field["default"] = draw(st.sampled_from(field["values"]))
        case "reference":
            field["references"] = draw(st.sampled_from(entity_names))
        case "string" | "text":
            if draw(st.booleans()):
                field["max_length"] = draw(st.integers(1, 100_000))
            field["default"] = draw(defaults(min(field.get("max_length", 100), 100)))
        case "boolean":
            field["default"] = draw(st.booleans())
        case "decimal":
            if draw(st.booleans()):
                field["decimal_places"] = draw(st.integers(0, 9))
            field |= draw(numbers(field.get("decimal_places", 2)))
        case "integer":
            field |= draw(numbers(0))
    # It is required, has a default, or is neither.
    match draw(st.sampled_from(["required", "default", "neither"])):
        case "required":
            field.pop("default", None)
            field["required"] = kind != "reference" or field["references"] in earlier
        case "neither":
            field.pop("default", None)
            field |= draw(st.sampled_from([{}, {"required": False}]))
    return field


@st.composite
def entities(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to four entities that refer to each other at will, some with a plural of their own."""
    names = draw(st.lists(IDENTIFIERS, min_size=1, max_size=4, unique=True))
    plurals = st.one_of(st.none(), st.none(), IDENTIFIERS)
    found = []
    for place, name in enumerate(names):
        some = st.lists(fields(names, names[:place]), min_size=1, max_size=8)
        entity = {"name": name, "fields": draw(some)}
        plural = draw(plurals)
        found.append(entity if plural is None else {**entity, "plural": plural})
    return found


def operations(entity_names: list[str]) -> st.SearchStrategy[list[str]]:
    """Operations of entities that meet a requirement, each once."""
    every = [f"{name}.{operation}" for name in entity_names for operation in OPERATIONS]
    return st.lists(st.sampled_from(every), max_size=5, unique=True)


EMAILS = st.from_regex(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}@[a-z0-9]{1,20}\.[a-z]{2,6}", fullmatch=True
)
# No package, nor the other half of a data service's name.
PARTS = st.from_regex(r"[a-z][a-z0-9]{1,8}(_[a-z0-9]{1,8})?", fullmatch=True).filter(
    lambda name: name not in {"chassis", "shared", "tools", "tests"}
)


@st.composite
def requirements(
    draw: st.DrawFn, prefix: str, optional: dict[str, st.SearchStrategy[Any]]
) -> list[dict[str, Any]]:
    """Requirements or constraints with every optional part now and then."""
    descoped = st.fixed_dictionaries({"reason": texts(), "approved_by": lines(200)})
    one = st.fixed_dictionaries(
        {"title": lines(200), "priority": st.sampled_from(["must", "should", "could"])},
        optional={"acceptance": texts(10_000), "descoped": descoped, **optional},
    )
    found = draw(st.lists(one, min_size=1, max_size=3))
    return [{"id": f"{prefix}-{number:03}", **each} for number, each in enumerate(found, 1)]


@st.composite
def briefs(draw: st.DrawFn, entity_names: list[str]) -> dict[str, Any]:
    """Every answer but the level, the modules and the entities, which have these names."""
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
                # Names change every file; where they are the same ones, only the texts are looked at.
                "context": st.one_of(st.just("team"), st.just("team"), PARTS),
                "domain": st.one_of(st.just("tasks"), st.just("tasks"), PARTS),
                "author_name": lines(120),
                "author_email": EMAILS,
                "problem": texts(10_000),
                "target_users": some,
                "success_metrics": some,
                "functional_requirements": requirements(
                    "FR", {"operations": operations(entity_names)}
                ),
                "non_functional": st.fixed_dictionaries(
                    targets, optional={"constraints": requirements("NF", {})}
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
                "risks": st.lists(risk, max_size=2),
                "open_questions": maybe,
            },
        )
    )
    for name, choices in (("license", LICENSES), ("python_version", PYTHONS)):
        if chosen := draw(st.sampled_from([None, *choices])):
            brief[name] = chosen
    brief["open_answers"] = draw(st.lists(st.sampled_from(OPEN), unique=True))
    if draw(st.booleans()):
        brief["function"] = draw(PARTS.map(lambda part: part[:16].rstrip("_")))
        brief["function_reason"] = draw(texts(500))
    return brief


@st.composite
def with_briefs(
    draw: st.DrawFn, combinations: Sequence[Combination] = COMBINATIONS
) -> dict[str, Any]:
    """Hostile texts about the task manager's entities, with any level and modules."""
    combination = draw(st.sampled_from(combinations))
    names = [entity["name"] for entity in TASK]
    return draw(briefs(names)) | combination.answers | {"entities": TASK}


@st.composite
def with_entities(
    draw: st.DrawFn, combinations: Sequence[Combination] = COMBINATIONS
) -> dict[str, Any]:
    """Entities of all kinds in the task manager's brief, with any level and modules."""
    combination = draw(st.sampled_from(combinations))
    found = draw(entities())
    met = operations([entity["name"] for entity in found])
    answers = brief()
    for requirement in answers["functional_requirements"]:
        requirement["operations"] = draw(met)
    return answers | combination.answers | {"entities": found}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)

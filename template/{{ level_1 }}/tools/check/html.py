"""HTML that cannot forget to escape, and the looks of a state."""

from collections.abc import Iterable
from html import escape
from typing import Final

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


class Markup(str):
    """Text that is HTML already; every other text is escaped when it is put into a tag."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Return an element; `class_` and `aria_label` become `class` and `aria-label`."""
    written = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Return pieces one after the other; nothing stands for None."""
    return Markup("".join(_markup(child) for child in children if child is not None))


def _markup(child: object) -> str:
    return child if isinstance(child, Markup) else escape(str(child))


def table(caption: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> Markup:
    """Return a table; on a narrow screen its rows become cards that repeat the header."""
    # A table that is not laid out as one loses its meaning for screen readers without the roles.
    names = list(header)
    head = (tag("th", name, scope="col", role="columnheader") for name in names)
    body = (tag("tr", *_cells(names, row), role="row") for row in rows)
    return tag(
        "table",
        tag("caption", caption, class_="hidden"),
        tag("thead", tag("tr", *head, role="row"), role="rowgroup"),
        tag("tbody", *body, role="rowgroup"),
        role="table",
    )


def _cells(names: list[str], row: Iterable[object]) -> Iterable[Markup]:
    first, *rest = row
    yield tag("th", first, scope="row", role="rowheader")
    for name, value in zip(names[1:], rest, strict=True):
        yield tag("td", tag("div", value), role="cell", data_label=name)


def section(title: str, *children: object) -> Markup:
    """Return a part of the page under a heading."""
    name = title.lower().replace(" ", "-")
    return tag("section", tag("h2", title, id=name), *children, aria_labelledby=name)


def look(state: str) -> str:
    """Return the class of a state."""
    return _LOOKS[state][0]


def badge(state: str, said: str | None = None) -> Markup:
    """Return a state as a sign and a word."""
    kind, sign = _LOOKS[state]
    return tag("span", tag("i", sign, aria_hidden="true"), said or state, class_=f"badge {kind}")

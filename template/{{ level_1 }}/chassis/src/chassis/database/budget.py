"""The bytes of a page: records that can be large are selected only as far as a budget goes."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    String,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.types import ARRAY, JSON

type By = Callable[[ReadOnlyColumnCollection[str, Any]], tuple[ColumnElement[Any], ...]]

# The sign keeps them apart from whatever a column is called.
BUDGET, SIZE, BEFORE, FOUND = "#budget", "#size", "#before", "#found"
SHORT: Final = 1000
"""Texts up to this many characters are not counted: a hundred of them are no page to fear."""


def is_large(column: Column[Any]) -> bool:
    """Tell whether the values of a column can be so long that a page needs a bound."""
    match column.type:
        case String(length=int(length)):
            return length > SHORT
        case String() | JSON() | ARRAY() | LargeBinary():
            return True
    return False


def within_budget(
    page: Select[*tuple[Any, ...]], large: Sequence[str], by: By
) -> Select[*tuple[Any, ...]]:
    """Select the rows of a page until the budget is used up, and how many there were.

    The row that uses it up is the last one, so that there is always one.
    """
    selected = page.selected_columns
    size: ColumnElement[int] = literal(0, Integer)
    for name in large:
        size = size + func.coalesce(func.octet_length(cast(selected[name], Text)), 0)
    sized = page.add_columns(size.label(SIZE)).subquery("sized")
    before = func.sum(sized.c[SIZE]).over(order_by=by(sized.c), rows=(None, 0)) - sized.c[SIZE]
    found = func.count().over()
    summed = select(sized, before.label(BEFORE), found.label(FOUND)).subquery("summed")
    return (
        select(*(summed.c[column.name] for column in selected), summed.c[FOUND])
        .where(summed.c[BEFORE] < bindparam(BUDGET, type_=Integer))
        .order_by(*by(summed.c))
    )

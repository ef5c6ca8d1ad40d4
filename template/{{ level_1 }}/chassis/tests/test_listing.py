"""Filters, order and pages, as statements."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects.postgresql.base import PGDialect

from chassis.database.listing import Listing, Order, Position
from chassis.problems import Invalid
from chassis.schemas import MAX_CURSOR_LENGTH, ListQuery

ID = uuid4()
BUDGET = 1000
DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
table = sa.Table(
    "games",
    sa.MetaData(),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("title", sa.String(100), nullable=False),
    sa.Column("score", sa.Integer),
    sa.Column("score_min", sa.Integer),
    sa.Column("price", sa.Numeric),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("secret", sa.Text),
)
SHOWN = ("id", "title", "score", "created_at")


class GameQuery(ListQuery):
    sort: Literal["created_at", "-created_at", "score", "-score", "title"] = "-created_at"
    title: str | None = None
    score_min: int | None = None
    score_max: int | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    since: datetime | None = Field(default=None, alias="created_at_min")


@pytest.fixture
def listing() -> Listing:
    return Listing(table, SHOWN, GameQuery)


def sql(
    listing: Listing, query: ListQuery, start: Position | None = None
) -> tuple[str, dict[str, Any]]:
    statement, values = listing.select(query, listing.given(query), start, BUDGET)
    compiled = statement.compile(dialect=DIALECT)
    assert set(compiled.params) == set(values)
    text = " ".join(str(compiled).replace("::UUID", "").split())
    columns, _, rest = text.partition(" FROM games ")
    assert columns == "SELECT games.id, games.title, games.score, games.created_at"
    return rest, values


def test_a_list_is_ordered_and_limited(listing: Listing) -> None:
    text, values = sql(listing, GameQuery(limit=7))

    assert text == "ORDER BY games.created_at DESC, games.id DESC LIMIT :#limit"
    assert values == {"#limit": 8}


def test_a_filter_means_the_column_of_its_name_or_a_bound(listing: Listing) -> None:
    query = GameQuery(title="Go", score_min=1, score_max=2, price_min=Decimal(3))

    text, values = sql(listing, query)

    assert "games.title = :#filter_title" in text
    assert "games.score_min = :#filter_score_min" in text  # a column's own name
    assert "games.score <= :#filter_score_max" in text
    assert "games.price >= :#filter_price_min" in text
    assert "price_max" not in text
    assert values["#filter_title"] == "Go"


def test_a_filter_goes_by_its_public_name(listing: Listing) -> None:
    query = GameQuery.model_validate({"created_at_min": "2026-01-01T00:00:00Z"})

    text, values = sql(listing, query)

    assert "games.created_at >= :#filter_since" in text
    assert values["#filter_since"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_filter_of_no_column_is_a_bug() -> None:
    class Wrong(ListQuery):
        colour: str | None = None

    with pytest.raises(LookupError, match="games has no column for the filter 'colour'"):
        Listing(table, SHOWN, Wrong)


@pytest.mark.parametrize(
    ("sort", "start", "condition", "order"),
    [
        (
            "title",
            Position(ID, "Go"),
            "(games.title, games.id) > (:#after_value, :#after_id)",
            "games.title, games.id",
        ),
        (
            "-created_at",
            Position(ID, datetime(2026, 1, 1, tzinfo=UTC)),
            "(games.created_at, games.id) < (:#after_value, :#after_id)",
            "games.created_at DESC, games.id DESC",
        ),
        (
            "-score",
            Position(ID, None),
            "games.score IS NULL AND games.id < :#after_id",
            "games.score DESC, games.id DESC",
        ),
        (
            "score",
            Position(ID, None),
            "games.score IS NULL AND games.id > :#after_id",
            "games.score, games.id",
        ),
    ],
)
def test_a_page_begins_behind_its_position(
    listing: Listing, sort: Any, start: Position, condition: str, order: str
) -> None:
    text, values = sql(listing, GameQuery(sort=sort), start)

    assert text == f"WHERE {condition} ORDER BY {order} LIMIT :#limit"
    assert values["#after_id"] == ID


def test_what_is_unique_needs_no_further_order() -> None:
    columns = (
        sa.Column("id", sa.Uuid),
        sa.Column("code", sa.String(9), unique=True, nullable=False),
    )
    order = Order(sa.Table("codes", sa.MetaData(), *columns), "-code")

    assert [str(column) for column in order.by(order.column.table.c)] == ["codes.code DESC"]


@pytest.mark.parametrize(
    ("sort", "start", "with_value", "order"),
    [
        ("score", None, "games.score IS NOT NULL", "found.score, found.id"),
        ("-score", None, "games.score IS NOT NULL", "found.score DESC NULLS LAST, found.id DESC"),
        (
            "-score",
            Position(ID, 5),
            "(games.score, games.id) < (:#after_value, :#after_id)",
            "found.score DESC NULLS LAST, found.id DESC",
        ),
    ],
)
def test_records_without_a_value_are_looked_up_by_themselves(
    listing: Listing, sort: Any, start: Position | None, with_value: str, order: str
) -> None:
    query = GameQuery(sort=sort, title="Go")

    statement, _ = listing.select(query, listing.given(query), start, BUDGET)

    text = " ".join(str(statement.compile(dialect=DIALECT)).replace("::UUID", "").split())
    inside = order.replace("found", "games").replace(" NULLS LAST", "")
    for condition in (with_value, "games.score IS NULL"):
        assert (
            f"FROM games WHERE games.title = :#filter_title AND {condition}"
            f" ORDER BY {inside} LIMIT :#limit)" in text
        )
    assert text.endswith(f"AS found ORDER BY {order} LIMIT :#limit")


def test_a_statement_is_built_once(listing: Listing) -> None:
    first, _ = listing.select(GameQuery(), {"title": "Go"}, None, BUDGET)
    second, _ = listing.select(GameQuery(limit=3), {"title": "Chess"}, None, BUDGET)

    assert first is second


def test_large_records_are_selected_as_far_as_the_budget_goes() -> None:
    listing = Listing(table, (*SHOWN, "secret"), GameQuery)
    query = GameQuery(limit=2, sort="-score", title="Go")

    statement, values = listing.select(query, listing.given(query), None, BUDGET)

    text = " ".join(str(statement.compile(dialect=DIALECT)).split())
    assert 'sum(sized."#size") OVER (ORDER BY sized.score DESC NULLS LAST, sized.id DESC' in text
    assert "octet_length(CAST(found.secret AS TEXT))" in text
    assert "found.title)" not in text  # short enough
    assert 'WHERE summed."#before" < :#budget' in text
    assert text.endswith("ORDER BY summed.score DESC NULLS LAST, summed.id DESC")
    assert values == {"#filter_title": "Go", "#limit": 3, "#budget": BUDGET}


def test_a_page_that_the_budget_ended_has_more_behind_it() -> None:
    large = Listing(table, ("id", "secret"), GameQuery)
    small = Listing(table, SHOWN, GameQuery)
    rows: Any = [("a", "x", 3), ("b", "y", 3)]

    assert large.part(rows, 5) == ([("a", "x"), ("b", "y")], True)
    assert large.part(rows[:1], 1) == ([("a", "x")], True)
    assert large.part([("a", "x", 1)], 1) == ([("a", "x")], False)  # type: ignore[list-item]
    assert large.part([], 1) == ([], False)
    assert small.part(rows, 1) == (rows[:1], True)
    assert small.part(rows, 2) == (rows, False)


@pytest.mark.parametrize("sort", ["colour", "secret", "-", "--title", ""])
def test_an_order_must_be_by_something_that_is_shown(listing: Listing, sort: str) -> None:
    with pytest.raises(Invalid) as raised:
        listing.order(sort)

    assert raised.value.errors[0].field == "sort"


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("created_at", datetime(2026, 1, 1, 12, 30, 0, 123456, tzinfo=UTC)),
        ("-score", 7),
        ("-score", None),
        ("price", Decimal("1.10")),
        ("title", "Gö"),
        ("id", UUID(int=1)),
    ],
)
def test_a_cursor_leads_back_to_its_record(sort: str, value: object) -> None:
    order = Order(table, sort)

    assert order.position(order.cursor(ID, value)) == Position(ID, value)


@pytest.mark.parametrize("value", ["я" * 200, "\U0001f600" * 200, "a" * 100_000])
def test_a_cursor_stays_short(value: str) -> None:
    order = Order(table, "title")

    cursor = order.cursor(ID, value)

    assert len(cursor) <= MAX_CURSOR_LENGTH
    assert order.position(cursor) == Position(ID, known=False)


def forged(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("a", id="no base64"),
        pytest.param("é", id="no ASCII"),
        pytest.param("bnVsbA", id="null"),
        pytest.param(forged(), id="nothing inside"),
        pytest.param(forged("-score", str(ID), 1), id="another order"),
        pytest.param(forged("score", "1", 1), id="no id"),
        pytest.param(forged("score", str(ID), "many"), id="another type"),
        pytest.param(forged("score", str(ID), 1, 2), id="too much inside"),
        pytest.param(base64.b64encode(b"\xff\xfe").decode(), id="no text"),
    ],
)
def test_a_cursor_of_anything_else_is_invalid(cursor: str) -> None:
    with pytest.raises(Invalid) as raised:
        Order(table, "score").position(cursor)

    assert raised.value.errors[0].field == "cursor"

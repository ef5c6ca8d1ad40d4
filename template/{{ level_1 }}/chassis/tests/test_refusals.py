"""What the database refuses is told by field; the errors are made by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.database.errors import is_confirmed, is_outage, refusals
from chassis.database.models import Base
from chassis.problems import Conflict, Invalid, ProblemError

table = sa.Table(
    "books",
    sa.MetaData(naming_convention=Base.metadata.naming_convention),
    sa.Column("title", sa.String(5)),
    sa.Column("pages", sa.Integer, sa.CheckConstraint("pages > 0", name="pages_floor")),
    sa.Column("small", sa.SmallInteger),
    sa.Column("big", sa.BigInteger),
    sa.Column("price", sa.Numeric(5, 2)),
    sa.Column("weight", sa.Numeric),
    sa.Column("order", sa.Text),
    sa.Column("extra", JSONB),
    sa.Column("kind", sa.Enum("novel", "poem")),
    sa.Column("printed_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("small < big", name="sizes"),
)
columns = {column.name: column for column in table.columns}


class DriverError(Exception):
    """An error of the driver, with what PostgreSQL told it."""

    def __init__(self, sqlstate: str | None, told: Mapping[str, str] | None = None) -> None:
        super().__init__("INSERT INTO books")
        self.sqlstate = sqlstate
        known: dict[str, Any] = dict.fromkeys(("detail", "column_name", "constraint_name"))
        self.driver_exception = SimpleNamespace(**(known | dict(told or {})))


def refused(
    sqlstate: str,
    values: Mapping[str, Any] | None = None,
    *,
    removing: bool = False,
    told: Mapping[str, str] | None = None,
) -> ProblemError:
    with (
        pytest.raises(ProblemError) as raised,
        refusals(table, values or {}, columns, removing=removing),
    ):
        raise IntegrityError("INSERT INTO books", {}, DriverError(sqlstate, told))
    assert "INSERT" not in raised.value.detail
    return raised.value


def blamed(problem: ProblemError) -> list[str]:
    assert all(error.field in problem.detail for error in problem.errors)
    return [error.field for error in problem.errors]


@pytest.mark.parametrize(
    ("sqlstate", "told", "kind", "fields"),
    [
        ("23505", {"detail": "Key (title)=(Emma) already exists."}, Conflict, ["title"]),
        ("23505", {"detail": 'Key ("order", pages)=(1, 2) exists.'}, Conflict, ["order", "pages"]),
        ("23505", {"detail": "Key (lower(title::text))=(a) exists."}, Conflict, ["title"]),
        ("23505", {}, Conflict, []),
        ("23503", {"detail": "Key (big)=(7) is not present in table x."}, Invalid, ["big"]),
        ("23502", {"column_name": "title"}, Invalid, ["title"]),
        ("23514", {"constraint_name": "ck_books_pages_floor"}, Invalid, ["pages"]),
        ("23514", {"constraint_name": "ck_books_sizes"}, Invalid, ["small", "big"]),
        ("23514", {"constraint_name": "unknown"}, Invalid, []),
        ("23P01", {"detail": "Key (pages)=(1) conflicts."}, Conflict, ["pages"]),
    ],
)
def test_an_integrity_error_names_its_fields(
    sqlstate: str, told: dict[str, str], kind: type[ProblemError], fields: list[str]
) -> None:
    problem = refused(sqlstate, told=told)

    assert type(problem) is kind
    assert blamed(problem) == fields
    assert "Emma" not in problem.detail


@pytest.mark.parametrize("sqlstate", ["23503", "23001"])
def test_what_others_refer_to_cannot_be_removed(sqlstate: str) -> None:
    problem = refused(sqlstate, removing=True)

    assert isinstance(problem, Conflict)
    assert problem.detail == "Other records refer to this one."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "too long"),
        ("title", "a\0"),
        ("order", "\ud800"),
        ("pages", 2**31),
        ("small", -(2**15) - 1),
        ("big", 2**63),
        ("price", Decimal("999.999")),
        ("price", Decimal("1e130000")),
        ("price", Decimal("1" * 200)),
        ("weight", Decimal("1e-20000")),
        ("extra", {"a": ["\0"]}),
        ("extra", {"a": float("nan")}),
        ("kind", "essay"),
        ("printed_at", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
    ],
)
def test_a_value_that_does_not_fit_is_named(field: str, value: object) -> None:
    fitting = {
        "title": "short",
        "pages": 1,
        "small": -(2**15),
        "big": 2**62,
        "price": Decimal("-999.99"),
        "weight": Decimal("NaN"),
        "order": None,
        "extra": {"a": ["\U0001f600"]},
        "kind": "poem",
        "printed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }

    problem = refused("22000", fitting | {field: value})

    assert isinstance(problem, Invalid)
    assert blamed(problem) == [field]


def test_values_that_seem_to_fit_are_refused_without_a_name() -> None:
    assert refused("22000", {"title": "a"}).errors == ()


@pytest.mark.parametrize("value", ["1e131072", "-1e200000"])
def test_a_number_that_the_driver_would_store_as_0_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as raised, refusals(table, {"weight": Decimal(value)}, columns):
        raise AssertionError

    assert blamed(raised.value) == ["weight"]


def test_what_is_no_refusal_is_left_alone() -> None:
    with pytest.raises(DBAPIError), refusals(table, {}, columns):
        raise DBAPIError("SELECT", {}, DriverError("42P01"))


@pytest.mark.parametrize("sqlstate", ["08006", "53300", "57014", "57P01", "40P01", "55P03"])
def test_an_outage_is_known_by_its_code(sqlstate: str) -> None:
    assert is_outage(DBAPIError("SELECT", {}, DriverError(sqlstate)))


def test_a_lost_connection_is_an_outage() -> None:
    lost = DBAPIError("SELECT", {}, DriverError(None), connection_invalidated=True)

    assert is_outage(lost)
    assert not is_outage(DBAPIError("SELECT", {}, DriverError("42601")))
    assert is_outage(TimeoutError())
    assert not is_outage(OSError())


@pytest.mark.parametrize(
    ("error", "confirmed"),
    [
        pytest.param(DBAPIError("COMMIT", {}, DriverError("40001")), True, id="refused"),
        pytest.param(DBAPIError("COMMIT", {}, DriverError("08003")), False, id="connection lost"),
        pytest.param(DBAPIError("COMMIT", {}, DriverError(None)), False, id="no code"),
        pytest.param(TimeoutError(), False, id="no answer"),
    ],
)
def test_what_became_of_a_commit_is_for_the_database_to_say(
    error: Exception, *, confirmed: bool
) -> None:
    assert is_confirmed(error) is confirmed

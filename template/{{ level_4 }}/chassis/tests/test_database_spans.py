"""Statements as spans, on a database in memory."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from opentelemetry.trace import SpanKind
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from chassis.environment import Service
from chassis.testing.spans import Collector, attributes, collecting
from chassis.tracing import Settings, Tracing, database_spans


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture
def tracing(collector: Collector) -> Tracing:
    settings = Settings(traces_url=collector.url, traces_share=1)
    return Tracing(Service("beds", "1", "test"), settings)


@pytest.fixture
def engine(tracing: Tracing) -> Engine:
    app = FastAPI()
    engine = create_engine("sqlite://")
    app.state.tracing = tracing
    app.state.database = SimpleNamespace(engine=SimpleNamespace(sync_engine=engine))
    database_spans.install(app, None)
    return engine


def test_a_statement_is_told_without_its_values(
    engine: Engine, tracing: Tracing, collector: Collector
) -> None:
    with tracing.span(SpanKind.INTERNAL, "work", {}), engine.connect() as connection:
        connection.execute(text("SELECT :name, 1"), {"name": "somebody"})
        connection.execute(text("SELECT 'somebody'"))
    tracing.close()

    statement, by_hand, work = collector.spans
    assert statement.parent_span_id == work.span_id
    assert attributes(statement)["db.query.text"] == "SELECT ?, 1"
    assert "db.query.text" not in attributes(by_hand)
    assert all(b"somebody" not in span.SerializeToString() for span in collector.spans)
    assert tracing.continues


def test_one_that_fails_says_so(engine: Engine, tracing: Tracing, collector: Collector) -> None:
    with (
        tracing.span(SpanKind.INTERNAL, "work", {}),
        engine.connect() as connection,
        pytest.raises(OperationalError),
    ):
        connection.execute(text("SELECT name FROM nowhere"))
    tracing.close()

    assert attributes(collector.spans[0])["error.type"] == "OperationalError"


def test_what_nobody_asked_for_is_not_traced(
    engine: Engine, tracing: Tracing, collector: Collector
) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    tracing.close()

    assert collector.spans == []

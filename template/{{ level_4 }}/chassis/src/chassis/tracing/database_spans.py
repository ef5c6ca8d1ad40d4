"""The statements of a data service as spans, and the traces of those who call it go on."""

from typing import Any

from fastapi import FastAPI
from opentelemetry.trace import Span, SpanKind, get_current_span
from sqlalchemy import Connection, ExceptionContext, event
from sqlalchemy.engine.interfaces import ExecutionContext

from chassis.feature import no_lifespan
from chassis.tracing.spans import Tracing, failed

LONGEST = 2000
"""Characters of a statement that are told; values are no part of it."""


def install(app: FastAPI, _settings: object) -> None:
    """Take part in the traces of callers: only services that are not public have this."""
    tracing: Tracing = app.state.tracing
    tracing.continues = True
    statements = _Statements(tracing)
    database = app.state.database
    for one in (database, getattr(database, "replica", None)):
        if one is not None:
            engine = one.engine.sync_engine
            event.listen(engine, "before_cursor_execute", statements.begin)
            event.listen(engine, "after_cursor_execute", statements.end)
            event.listen(engine, "handle_error", statements.fail)


lifespan = no_lifespan


class _Statements:
    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def begin(
        self,
        _connection: Connection,
        _cursor: Any,
        statement: str,
        _parameters: Any,
        context: ExecutionContext | None,
        _many: bool,  # noqa: FBT001  # as SQLAlchemy calls it
    ) -> None:
        if context is None or not get_current_span().is_recording():
            return
        operation = statement.split(maxsplit=1)[0].upper() if statement.strip() else "SQL"
        attributes = {"db.system.name": "postgresql", "db.operation.name": operation}
        if "'" not in statement:  # one that was written by hand may have a value in it
            attributes["db.query.text"] = statement[:LONGEST]
        span = self._tracing.started(SpanKind.CLIENT, operation, attributes)
        context.traced = span  # type: ignore[attr-defined]

    def end(self, *arguments: Any) -> None:
        if span := _span_of(arguments[4]):
            span.end()

    def fail(self, error: ExceptionContext) -> None:
        if span := _span_of(error.execution_context):
            failed(span, type(error.original_exception).__name__)
            span.end()


def _span_of(context: ExecutionContext | None) -> Span | None:
    return getattr(context, "traced", None)

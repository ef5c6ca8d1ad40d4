from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

from chassis.environment import Service
from chassis.tracing.settings import Settings

PATIENCE_S = 5
"""Seconds that whoever collects spans has to take them."""

type Attributes = Mapping[str, str | int]

_propagator = TraceContextTextMapPropagator()


def headers() -> dict[str, str]:
    """Give the headers that let a trace go on, of a call or of a message."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier


def parent_in(carrier: Mapping[str, str]) -> Context:
    """Read the trace that headers, in lower case, let go on; an empty one if there is none."""
    return _propagator.extract(carrier, context=Context())


class CountedExporter(OTLPSpanExporter):
    """Sends spans, and counts those that were taken and those that are lost."""

    def __init__(self, url: str, sent: dict[str, int]) -> None:
        super().__init__(endpoint=url, timeout=PATIENCE_S)
        self._sent = sent

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them; one thread does, that of the processor of spans."""
        result = SpanExportResult.FAILURE
        try:
            result = super().export(spans)
        finally:
            outcome = "taken" if result is SpanExportResult.SUCCESS else "lost"
            self._sent[outcome] += len(spans)
        return result


class Tracing:
    """Makes the spans of a service, and has a share of them sent."""

    def __init__(self, service: Service, settings: Settings) -> None:
        sampled = ParentBased(TraceIdRatioBased(settings.traces_share))
        about = {
            "service.name": service.name,
            "service.version": service.version,
            "deployment.environment.name": service.environment,
        }
        self.provider = TracerProvider(
            sampler=sampled if settings.traces_url else ALWAYS_OFF,
            resource=Resource.create(about),
            shutdown_on_exit=False,  # the lifespan does
        )
        self.sent = {"taken": 0, "lost": 0}
        """How many spans were sent, by whether they were taken where they are collected."""
        if settings.traces_url:
            exporter = CountedExporter(settings.traces_url, self.sent)
            self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer("chassis")
        self.continues = False
        """Whether a trace that a caller began goes on here."""

    @contextmanager
    def span(
        self, kind: SpanKind, name: str, attributes: Attributes, parent: Context | None = None
    ) -> Iterator[Span]:
        """Measure the work in this block; without a parent it belongs to what is going on."""
        span = self.started(kind, name, attributes, parent)
        with use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield span
            except BaseException as error:
                failed(span, type(error).__name__)
                raise

    @contextmanager
    def trace(
        self, kind: SpanKind, name: str, attributes: Attributes, carrier: Mapping[str, str]
    ) -> Iterator[Span]:
        """Do the same for work that others have asked for; its trace is in every log line."""
        with self.span(kind, name, attributes, parent_in(carrier)) as span:
            trace_id = span.get_span_context().trace_id
            with bound_contextvars(trace_id=f"{trace_id:032x}"):
                yield span

    def started(
        self, kind: SpanKind, name: str, attributes: Attributes, parent: Context | None = None
    ) -> Span:
        """Begin a span that whoever asked for it ends."""
        return self._tracer.start_span(name, context=parent, kind=kind, attributes=attributes)

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()


def failed(span: Span, reason: str) -> None:
    """Mark what did not end as it should; the text of an error may hold what people sent."""
    span.set_attribute("error.type", reason)
    span.set_status(StatusCode.ERROR)

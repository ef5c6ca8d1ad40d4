"""A collector of spans, as services send them: OTLP over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Keeps every span that arrives, and the headers of every GET that it answers."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.spans: list[Span] = []
        self.asked: list[Mapping[str, str]] = []

    @property
    def url(self) -> str:
        """Where spans are sent to."""
        return f"{self.address}/v1/traces"


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = _handler(collector)
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def attributes(span: Span) -> dict[str, str | int]:
    """Give the attributes of a span by name."""
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    collector.spans += scope.spans
            self._answer(b"")

        def do_GET(self) -> None:
            collector.asked.append(dict(self.headers))
            self._answer(b"[]")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler

"""One request is one trace, from the first service to the database."""

import os

import httpx2

from chassis.testing.spans import attributes, collecting
from tests.integration.collections import collections
from tests.integration.system import document, in_process, only, system


def test_a_request_is_followed_to_the_database(database_url: str) -> None:
    public = [service for service in system().services if not service.upgrade]
    with collecting() as collector:
        traced = {**os.environ, "TRACES_URL": collector.url, "TRACES_SHARE": "1"}
        # When the services have ended, everything was sent.
        with only(traced), in_process(database_url) as started:
            for service in public:
                path = next(collections(document(service.name))).path
                url = f"{started[service.name].url}{path}"
                httpx2.get(url, timeout=20).raise_for_status()

    roots = [span for span in collector.spans if not span.parent_span_id]
    assert len(roots) == len(public)
    for root in roots:
        trace = [span for span in collector.spans if span.trace_id == root.trace_id]
        statements = [span for span in trace if "db.system.name" in attributes(span)]
        kinds = {span.kind for span in trace}
        assert {root.SPAN_KIND_SERVER, root.SPAN_KIND_CLIENT} == kinds
        assert len([span for span in trace if span.kind == root.SPAN_KIND_SERVER]) > 1
        assert "SELECT" in {attributes(one)["db.operation.name"] for one in statements}

"""Request id: one id for all that happens on behalf of a request, across services.

It is accepted from the caller or made here, is in every log line, goes along with every call to
another service, and is given back with the answer. Work that no request has asked for, such as
handling a message, has an id in the same way: ``with bound(id_of_the_message):``.
"""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.request_id.context import HEADER, bound, current, headers
from chassis.request_id.middleware import RequestId

__all__ = ["HEADER", "RequestId", "bound", "current", "headers", "install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Give every request an id, and send it on with the calls of ``app.state.http``."""
    app.add_middleware(RequestId)
    app.state.exposed_headers.append(HEADER)
    app.state.http.header_providers.append(headers)
    app.state.http.neutral_headers.add(HEADER.lower())


lifespan = no_lifespan

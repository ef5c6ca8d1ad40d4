"""The system as clients meet it: here, or wherever it runs."""

import os
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from tools.dev.system import Service

from tests.integration.postgres import postgres
from tests.integration.system import (
    ROOT,
    client_headers,
    create_database,
    in_process,
    migrate_all,
    system,
)

URL = "TEST_BASE_URL"
CERTIFICATE = "TEST_CERTIFICATE"
TIMEOUT_S = 20
_TOO_MANY = 429
_MOST_WAITS = 100


class Client(httpx2.Client):
    """Waits where a gateway says that there were too many requests, as a client should."""

    def request(self, *arguments: Any, **options: Any) -> httpx2.Response:
        for _ in range(_MOST_WAITS):
            answer = super().request(*arguments, **options)
            if answer.status_code != _TOO_MANY:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        return answer


def public() -> list[Service]:
    """The services that clients call: those that keep no data themselves."""
    return [service for service in system().services if not service.upgrade]


@contextmanager
def addresses() -> Iterator[dict[str, str]]:
    """Give the address of each public service; without one to call, all of them are started."""
    if url := os.environ.get(URL):
        yield {service.name: url for service in public()}
        return
    # Nothing else: requests are answered without it.
    with postgres(ROOT) as server:
        create_database(server.database("postgres"), "journeys")
        migrate_all(server.database("journeys"))
        with in_process(server.database("journeys")) as started:
            yield {service.name: started[service.name].url for service in public()}


def client(service: Service, url: str) -> Client:
    """Make a client that trusts the certificate of `make dev`, or another one, too."""
    context = ssl.create_default_context()
    own = Path(os.environ.get(CERTIFICATE) or ROOT / ".dev/gateway/tls/fullchain.pem")
    if own.exists():
        context.load_verify_locations(own)
    sent = client_headers(service)
    return Client(base_url=url, verify=context, timeout=TIMEOUT_S, headers=sent)

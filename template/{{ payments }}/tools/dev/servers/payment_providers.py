"""A provider of payments: the real one where there is an account, else one of this machine that is like it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from chassis.testing.serving import HOST, serving
from tools.dev.servers import Connection
from tools.dev.system import base_environment

WEBHOOKS = "/api/v1/payment-webhooks"


class StandIn(Protocol):
    """Who stands in for a provider."""

    def application(self) -> web.Application:
        """Give what listens."""
        ...


@dataclass(frozen=True)
class PaymentProvider:
    """A provider, and who stands in for it."""

    name: str
    """As its webhooks name it."""
    url: str
    variable: str
    """Says that there is an account."""
    credentials: str
    """Of the stand-in: who asks, and what it signs with."""
    stand_in: Callable[[str], StandIn]
    """Made with the address of the webhook."""

    @contextmanager
    def connection(self, root: Path) -> Iterator[Connection]:
        """Name the real one, or run a stand-in for as long as this is entered."""
        environment = base_environment(root, (".env",))
        if environment.get(self.variable):
            yield Connection(self.url, f"{self.url} ({self.variable} is set)")
            return
        port = environment.get("API_PORT") or "8000"
        stand_in = self.stand_in(f"http://{HOST}:{port}{WEBHOOKS}/{self.name}")
        with serving(stand_in.application()) as own:
            told = f"http://{HOST}:{own} (a stand-in, no money moves: {self.variable} is not set)"
            yield Connection(f"http://{self.credentials}@{HOST}:{own}", told)

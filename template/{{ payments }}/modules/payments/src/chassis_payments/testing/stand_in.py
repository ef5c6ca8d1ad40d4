"""What the stand-ins of all providers have: they fail as told, and send webhooks when asked to."""

import asyncio
import itertools
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

type Object = dict[str, Any]


class RefusedError(Exception):
    """A call is refused as the provider refuses it."""

    def __init__(self, status: int, body: Object) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next call that changes something."""

    status: int | None = None
    """It is answered with this, and nothing is done."""
    lost: bool = False
    """It is done, and the connection breaks before the answer."""
    late_s: float = 0
    """It is done so much later."""
    mute_s: float = 0
    """It is done, and answered so much later."""


@dataclass(frozen=True)
class Sent:
    """A webhook, as it goes out."""

    body: bytes
    headers: Mapping[str, str]


@dataclass
class Answered:
    """What a key was used for, and the answer."""

    fingerprint: str
    answer: Object | None = None
    status: int = 200


@dataclass
class StandIn:
    """A provider's state; ``application`` serves it."""

    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Every call, by its method and path."""
    sent: list[Sent] = field(default_factory=list)
    """The webhooks so far, the last one at the end."""
    webhook_url: str = ""
    """Where they go, and go again until they are taken; empty where a test takes them there."""
    keys: dict[str, Answered] = field(default_factory=dict)
    is_away: bool = False

    def __post_init__(self) -> None:
        self.numbers = itertools.count(1)
        self.begun = secrets.token_hex(4)
        """Told apart from those of earlier days, which a database may still know."""
        self._deliveries: set[asyncio.Task[None]] = set()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let every call end without an answer for a while."""
        self.is_away = True
        try:
            yield
        finally:
            self.is_away = False

    async def write(
        self,
        request: web.Request,
        act: Callable[[], Awaitable[Object]],
        failed: Callable[[int, Object], None] = lambda _status, _answer: None,
    ) -> web.StreamResponse:
        """Do something, unless a fault is due; `failed` is told of that."""
        fault = self.faults.pop(0) if self.faults else Fault()
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault.status is not None:
            refusal: Object = {"error": {"type": "api_error"}, "name": "INTERNAL_SERVER_ERROR"}
            failed(fault.status, refusal)
            return web.json_response(refusal, status=fault.status)
        answer = await act()
        await asyncio.sleep(fault.mute_s)
        if fault.lost and request.transport:
            request.transport.abort()
        return web.json_response(answer, status=answer.pop("#status", 200))

    def again(self, key: str, fingerprint: str) -> Answered | None:
        """Give what a key was used for, and take it if it is new."""
        known = self.keys.get(key)
        if known is None:
            self.keys[key] = Answered(fingerprint)
        return known

    def tell(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a webhook."""
        sent = Sent(body, {"Content-Type": "application/json", **headers})
        self.sent.append(sent)
        if self.webhook_url:
            task = asyncio.get_running_loop().create_task(self._deliver(sent))
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, sent: Sent) -> None:
        pause = 0.2
        async with aiohttp.ClientSession() as session:
            for _ in range(20):
                try:
                    async with session.post(
                        self.webhook_url, data=sent.body, headers=sent.headers
                    ) as answer:
                        if answer.status < 300:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30)


def packed(event: Object) -> bytes:
    """Write an event as it goes out."""
    return json.dumps(event).encode()


def checkout_page(provider: str, what: str, amount: str, actions: str) -> web.Response:
    """Give the page on which people pay."""
    text = _PAGE.format(provider=provider, what=what, amount=amount, actions=actions)
    return web.Response(text=text, content_type="text/html")


_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<title>{provider} (stand-in)</title>
<style>
  body {{ font: 16px/1.5 sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem }}
  button {{ font: inherit; padding: .5rem 1rem; margin-right: .5rem }}
</style>
<h1>{provider} <small>(stand-in, no money moves)</small></h1>
<p>{what}: <strong>{amount}</strong></p>
<form method="post">{actions}</form>
"""

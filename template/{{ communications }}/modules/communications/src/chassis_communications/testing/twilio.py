"""Twilio as far as SMS are sent and told of: what it refuses, this refuses."""

import re
from base64 import b64encode
from typing import Any
from uuid import uuid4

from aiohttp import web

from chassis_communications.segments import segments_of
from chassis_communications.testing.caught import Box, Caught
from chassis_communications.webhooks.twilio import signature_of

ACCOUNT = f"AC{7:032x}"
TOKEN = f"{7:032x}"
SENDER = "+15005550006"
LONGEST = 1600
LONGEST_VALIDITY = 36_000
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class Twilio:
    """Takes SMS with the account's token; without a token it takes those of everybody."""

    def __init__(self, token: str = TOKEN) -> None:
        self.box = Box("Caught SMS")
        self.taken: list[dict[str, str]] = []
        self.opted_out: set[str] = set()
        self.price: str | None = None
        """What it bills, as far as it knows at once: `-0.00750`."""
        self.later: str | None = None
        """What it bills, as it knows at the second look at an SMS."""
        self.looked: list[str] = []
        """What was looked at."""
        self.busy = False
        self.failure = 0
        """A status to answer, once the SMS is taken."""
        self._token = token
        self._sent: dict[str, dict[str, str | None]] = {}

    def application(self) -> web.Application:
        """Give what listens."""
        application = web.Application()
        path = "/2010-04-01/Accounts/{account:[A-Za-z0-9]*}/Messages"
        own = [web.post(f"{path}.json", self._send), web.get(f"{path}/{{sid}}.json", self._look)]
        application.add_routes([*own, *self.box.routes()])
        return application

    def tells(self, url: str, status: str, **more: str) -> tuple[dict[str, str], dict[str, str]]:
        """Give the form and the headers of what it tells of an SMS."""
        form = {"MessageSid": f"SM{7:032x}", "MessageStatus": status, **more}
        return form, {"X-Twilio-Signature": signature_of(self._token, url, form)}

    def _not_let_in(self, request: web.Request) -> web.Response | None:
        account = request.match_info["account"]
        known = b64encode(f"{ACCOUNT}:{self._token}".encode()).decode()
        if self._token and (
            account != ACCOUNT or request.headers.get("Authorization") != f"Basic {known}"
        ):
            return _refused(401, 20003, "Authenticate")
        return _refused(429, 20429, "Too Many Requests") if self.busy else None

    async def _send(self, request: web.Request) -> web.Response:
        if refusal := self._not_let_in(request):
            return refusal
        form: dict[str, Any] = dict(await request.post())
        if fault := self._fault(form):
            return _refused(400, *fault)
        self.taken.append(form)
        self.box.add(Caught(to=form["To"], text=form["Body"]))
        if self.failure:
            return web.Response(status=self.failure)
        sid = f"SM{uuid4().hex}"
        told = {"sid": sid, "status": "queued", "price": self.price, "price_unit": "USD"}
        self._sent[sid] = {**told, "num_segments": str(segments_of(form["Body"]))}
        return web.json_response(self._sent[sid], status=201)

    async def _look(self, request: web.Request) -> web.Response:
        if refusal := self._not_let_in(request):
            return refusal
        sid = request.match_info["sid"]
        if sid not in self._sent:
            return _refused(404, 20404, "The requested resource was not found")
        again = sid in self.looked
        self.looked.append(sid)
        price = self.later if again else self.price
        return web.json_response({**self._sent[sid], "status": "sent", "price": price})

    def _fault(self, form: dict[str, str]) -> tuple[int, str] | None:
        validity = form.get("ValidityPeriod", "1")
        callback = form.get("StatusCallback", "http://")
        checks = [
            (21604, "'To' is required", bool(form.get("To"))),
            (21211, "'To' is invalid", bool(_NUMBER.fullmatch(form.get("To", "")))),
            (21603, "'From' is required", bool(form.get("From")) or not self._token),
            (21602, "'Body' is required", bool(form.get("Body"))),
            (21617, "'Body' is too long", len(form.get("Body", "")) <= LONGEST),
            (21609, "'StatusCallback' is invalid", callback.startswith(("http://", "https://"))),
            (
                21600,
                "'ValidityPeriod' is invalid",
                validity.isdigit() and 0 < int(validity) <= LONGEST_VALIDITY,
            ),
            (21610, "The recipient has opted out", form.get("To") not in self.opted_out),
        ]
        return next(((code, text) for code, text, holds in checks if not holds), None)


def _refused(status: int, code: int, text: str) -> web.Response:
    return web.json_response({"code": code, "message": text, "status": status}, status=status)

"""Stripe in place of Stripe: it refuses what the real one refuses.

It wants a key and a version, takes no parameter that it does not know, answers a key that it has
seen as it did then (with what failed or was refused, too; and refuses it for another request), and signs
its webhooks. People pay, or do not, by ``pay``, ``decline`` and ``expire``, or on its page.
"""

import asyncio
import hashlib
import html
import re
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from aiohttp import web

from chassis_payments.money import STRIPE
from chassis_payments.providers.stripe_webhooks import signature
from chassis_payments.testing.stand_in import Object, RefusedError, StandIn, checkout_page, packed

KEY = "sk_test_stand_in"
SIGNER = "whsec_stand_in"  # of nothing but this

NOT_BEGUN = frozenset({401, 403, 409, 429, 502, 503, 504})
"""What is answered before anything is begun, or by what stands in front: Stripe keeps nothing of it."""

_SESSION = re.compile(
    r"mode|client_reference_id|success_url|cancel_url|metadata\[\w+\]"
    r"|line_items\[0\]\[(quantity|price_data\]\[(currency|unit_amount|product_data\]\[name))\]"
    r"|payment_intent_data\[metadata\]\[\w+\]"
)
_INTENT = re.compile(
    r"amount|currency|description|metadata\[\w+\]|automatic_payment_methods\[enabled\]"
)
_REFUND = re.compile(r"payment_intent|amount|metadata\[\w+\]")


@dataclass
class StripeStandIn(StandIn):
    """An account at Stripe."""

    sessions: dict[str, Object] = field(default_factory=dict)
    intents: dict[str, Object] = field(default_factory=dict)
    refunds: dict[str, Object] = field(default_factory=dict)
    disputes: dict[str, Object] = field(default_factory=dict)
    charges: dict[str, Object] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)

    def application(self) -> web.Application:
        """Give what serves the API, and the page to people."""
        application = web.Application(middlewares=[self._guarded])
        application.add_routes(
            [
                web.post("/v1/checkout/sessions", self._new_session),
                web.get("/v1/checkout/sessions", self._list_sessions),
                web.get("/v1/checkout/sessions/{id}", self._get_session),
                web.post("/v1/payment_intents", self._new_intent),
                web.get("/v1/payment_intents", self._list_intents),
                web.get("/v1/payment_intents/{id}", self._get_intent),
                web.get("/v1/charges", self._list_charges),
                web.post("/v1/refunds", self._new_refund),
                web.get("/v1/refunds", self._list_refunds),
                web.get("/v1/disputes", self._list_disputes),
                web.get("/v1/events", self._list_events),
                web.get("/pay/{id}", self._shown),
                web.post("/pay/{id}", self._pressed),
            ]
        )
        return application

    @property
    def charged(self) -> int:
        """How often money was taken."""
        return sum(one["status"] == "succeeded" for one in self.intents.values())

    def pay(self, reference: str) -> None:
        """Have a session, or an intent, paid."""
        intent = self._intent_of(reference)
        intent |= {"status": "succeeded", "last_payment_error": None}
        self.charge(intent)
        if session := self.sessions.get(reference):
            session |= {"status": "complete", "payment_status": "paid", "url": None}
            self._event("checkout.session.completed", session)
        self._event("payment_intent.succeeded", intent)

    def charge(self, intent: Object) -> Object:
        """Have money moved, as Stripe's books have it."""
        charge = {
            "id": self._id("ch"),
            "object": "charge",
            "status": "succeeded",
            "payment_intent": intent.get("id"),
            "amount": intent["amount"],
            "currency": intent["currency"],
            "metadata": intent.get("metadata", {}),
            "created": int(time.time()),
        }
        self.charges[charge["id"]] = charge
        return charge

    def decline(self, reference: str) -> None:
        """Have the card refused; another one may be tried."""
        intent = self._intent_of(reference)
        error = {"code": "card_declined", "decline_code": "insufficient_funds"}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self._event("payment_intent.payment_failed", intent)

    def expire(self, reference: str) -> None:
        """Have a session end unpaid."""
        session = self.sessions[reference]
        session |= {"status": "expired", "url": None}
        self._event("checkout.session.expired", session)

    def dispute(self, intent: str, status: str = "needs_response") -> Object:
        """Have the money asked back by the bank of who paid, or that decided."""
        found = self.disputes.setdefault(
            intent,
            {
                "id": self._id("du"),
                "object": "dispute",
                "payment_intent": intent,
                "amount": self.intents[intent]["amount"],
                "currency": self.intents[intent]["currency"],
                "reason": "fraudulent",
                "metadata": {},
            },
        )
        found["status"] = status
        self._event(
            "charge.dispute.closed" if status in _ENDED else "charge.dispute.updated", found
        )
        return found

    def fail(self, refund_id: str) -> None:
        """Have a bank send back what a refund has given."""
        self.refunds[refund_id]["status"] = "failed"
        self._event("refund.failed", self.refunds[refund_id])

    def give_back(self, intent: str, amount: int, metadata: Object | None = None) -> Object:
        """Give money back, as people do on Stripe's own pages, too."""
        made = [one for one in self.refunds.values() if one["payment_intent"] == intent]
        given = sum(one["amount"] for one in made if one["status"] != "failed")
        if self.intents[intent]["status"] != "succeeded":
            raise _error("charge_not_captured", "payment_intent")
        if given + amount > self.intents[intent]["amount"]:
            raise _error("charge_already_refunded", "amount")
        refund = {
            "id": self._id("re"),
            "object": "refund",
            "payment_intent": intent,
            "amount": amount,
            "currency": self.intents[intent]["currency"],
            "status": "succeeded",
            "metadata": metadata or {},
            "created": int(time.time()),
        }
        self.refunds[refund["id"]] = refund
        self._event("refund.created", refund)
        return refund

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.is_away and request.transport:
            request.transport.abort()
        if request.path.startswith("/v1/"):
            self.calls.append((request.method, request.path))
            if request.headers.get("Authorization") != f"Bearer {KEY}":
                return web.json_response({"error": {"type": "authentication_error"}}, status=401)
            if "Stripe-Version" not in request.headers:
                return web.json_response({"error": {"type": "invalid_request_error"}}, status=400)
        try:
            answer: web.StreamResponse = await handler(request)
        except RefusedError as error:
            return web.json_response(error.body, status=error.status)
        return answer

    async def _new_session(self, request: web.Request) -> web.StreamResponse:
        form = await _form(request, _SESSION)
        currency, amount = "[price_data][currency]", "[price_data][unit_amount]"
        _need(form, "mode", "success_url", *(f"line_items[0]{one}" for one in (currency, amount)))
        money = _money(form[f"line_items[0]{amount}"], form[f"line_items[0]{currency}"])

        async def make() -> Object:
            intent = self._make_intent(money, _metadata(form, "payment_intent_data"))
            session_id = self._id("cs")
            self.sessions[session_id] = {
                "id": session_id,
                "object": "checkout.session",
                "status": "open",
                "payment_status": "unpaid",
                "amount_total": money["amount"],
                "currency": money["currency"],
                "client_reference_id": form.get("client_reference_id"),
                "payment_intent": intent["id"],
                "metadata": _metadata(form),
                "success_url": form["success_url"],
                "url": f"http://{request.host}/pay/{session_id}",
                "created": int(time.time()),
            }
            return dict(self.sessions[session_id])

        return await self._once(request, form, make)

    async def _new_intent(self, request: web.Request) -> web.StreamResponse:
        form = await _form(request, _INTENT)
        _need(form, "amount", "currency")
        money = _money(form["amount"], form["currency"])

        async def make() -> Object:
            return dict(self._make_intent(money, _metadata(form)))

        return await self._once(request, form, make)

    async def _new_refund(self, request: web.Request) -> web.StreamResponse:
        form = await _form(request, _REFUND)
        _need(form, "payment_intent")
        if form["payment_intent"] not in self.intents:
            raise _error("resource_missing", "payment_intent")
        intent = self.intents[form["payment_intent"]]
        amount = int(form.get("amount") or intent["amount"])

        async def make() -> Object:
            return dict(self.give_back(intent["id"], amount, _metadata(form)))

        return await self._once(request, form, make)

    async def _once(self, request: web.Request, form: Object, make: Any) -> web.StreamResponse:
        """Do something once for each key: what became of it is answered to each further call."""
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > 255:
            raise _error("idempotency_key_too_long", "key")
        fingerprint = hashlib.sha256(
            repr((request.path, sorted(form.items()))).encode()
        ).hexdigest()
        known = self.again(key, fingerprint) if key else None
        if known and known.fingerprint != fingerprint:
            raise RefusedError(400, {"error": {"type": "idempotency_error"}})
        if known and known.answer is None:
            raise RefusedError(409, {"error": {"code": "idempotency_key_in_use"}})
        if known:
            headers = {"Idempotent-Replayed": "true"}
            return web.json_response(known.answer, status=known.status, headers=headers)

        async def act() -> Object:
            answer: Object = await make()
            if key:
                self.keys[key].answer = answer
            return answer

        try:
            return await self.write(request, act, partial(self._save, key))
        except RefusedError as error:  # of what has begun: kept like any other answer
            self._save(key, error.status, error.body)
            raise
        finally:
            if key and self.keys[key].answer is None:  # it was not begun: the key is free again
                del self.keys[key]

    def _save(self, key: str, status: int, answer: Object) -> None:
        """Keep what a key was answered with, once what it asked for had begun."""
        if key and status not in NOT_BEGUN:
            self.keys[key] = replace(self.keys[key], answer=answer, status=status)

    async def _get_session(self, request: web.Request) -> web.StreamResponse:
        session = dict(_found(self.sessions, request))
        if request.query.get("expand[]") == "payment_intent":
            session["payment_intent"] = self.intents[session["payment_intent"]]
        return web.json_response(session)

    async def _get_intent(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(_found(self.intents, request))

    async def _list_sessions(self, request: web.Request) -> web.StreamResponse:
        return _page(list(self.sessions.values()), request, *_CREATED)

    async def _list_intents(self, request: web.Request) -> web.StreamResponse:
        return _page(list(self.intents.values()), request, *_CREATED)

    async def _list_charges(self, request: web.Request) -> web.StreamResponse:
        return _page(list(self.charges.values()), request, "payment_intent", *_CREATED)

    async def _list_refunds(self, request: web.Request) -> web.StreamResponse:
        return _page(list(self.refunds.values()), request, "payment_intent", *_CREATED)

    async def _list_disputes(self, request: web.Request) -> web.StreamResponse:
        return _page(list(self.disputes.values()), request, "payment_intent")

    async def _list_events(self, request: web.Request) -> web.StreamResponse:
        wanted = request.query.getall("types[]", [])
        found = [one for one in self.events if one["type"] in wanted]
        return _page(found, request, "types[]", *_CREATED)

    async def _shown(self, request: web.Request) -> web.StreamResponse:
        session = _found(self.sessions, request)
        if session["status"] != "open":
            raise web.HTTPGone(text="This session is over.")
        amount = STRIPE.received(session["amount_total"], session["currency"].upper())
        told = html.escape(f"{amount} {session['currency'].upper()} (minor units)")
        actions = "".join(f"<button name=do value={one}>{one}</button>" for one in _ACTIONS)
        return checkout_page("Stripe", "Payment", told, actions)

    async def _pressed(self, request: web.Request) -> web.StreamResponse:
        session = _found(self.sessions, request)
        action = str((await request.post()).get("do"))
        if action in _ACTIONS and session["status"] == "open":
            getattr(self, action)(session["id"])
        raise web.HTTPSeeOther(session["success_url"])

    def _make_intent(self, money: Object, metadata: Object) -> Object:
        intent_id = self._id("pi")
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "status": "requires_payment_method",
            "client_secret": f"{intent_id}_secret_{next(self.numbers)}",
            "last_payment_error": None,
            "metadata": metadata,
            "created": int(time.time()),
            **money,
        }
        return self.intents[intent_id]

    def _intent_of(self, reference: str) -> Object:
        session = self.sessions.get(reference)
        return self.intents[session["payment_intent"] if session else reference]

    def _event(self, kind: str, subject: Object) -> None:
        event = {
            "id": self._id("evt"),
            "object": "event",
            "type": kind,
            "data": {"object": dict(subject)},
            "created": int(time.time()),
        }
        self.events.append(event)
        body = packed(event)
        self.tell(body, signed(body))

    def _id(self, kind: str) -> str:
        return f"{kind}_{self.begun}{next(self.numbers):06d}"


_ENDED = frozenset({"won", "lost", "warning_closed", "prevented"})
_ACTIONS = ("pay", "decline", "expire")
_CREATED = ("created[gte]", "created[lt]")


def signed(body: bytes, at: float | None = None, secret: str = SIGNER) -> dict[str, str]:
    """Give the header that a webhook of Stripe has."""
    moment = int(time.time() if at is None else at)
    return {"Stripe-Signature": f"t={moment},v1={signature(body, moment, secret)}"}


async def _form(request: web.Request, known: re.Pattern[str]) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise _error("parameter_missing", "body")
    form = {name: str(value) for name, value in (await request.post()).items()}
    for name in form:
        if not known.fullmatch(name):
            raise _error("parameter_unknown", name)
    await asyncio.sleep(0)
    return form


def _need(form: dict[str, str], *names: str) -> None:
    for name in names:
        if not form.get(name):
            raise _error("parameter_missing", name)


def _money(amount: str, currency: str) -> Object:
    """Take an amount as Stripe does: what it has no such fraction of is refused."""
    units = STRIPE.units.get(currency.upper())
    if units is None or not currency.islower():
        raise _error("parameter_invalid_string_empty", "currency")
    if not amount.isdecimal() or not 0 < int(amount) <= 99_999_999 or int(amount) % units.step:
        raise _error("amount_too_small", "amount")
    return {"amount": int(amount), "currency": currency}


def _metadata(form: dict[str, str], within: str = "") -> Object:
    begin = f"{within}[metadata][" if within else "metadata["
    return {
        name.removeprefix(begin).rstrip("]"): value
        for name, value in form.items()
        if name.startswith(begin)
    }


def _found(objects: dict[str, Object], request: web.Request) -> Object:
    try:
        return objects[request.match_info["id"]]
    except KeyError:
        raise _error("resource_missing", "id", 404) from None


def _page(objects: list[Object], request: web.Request, *filters: str) -> web.Response:
    query = request.query
    if unknown := set(query) - {"limit", "starting_after", *filters}:
        raise _error("parameter_unknown", min(unknown))
    if (intent := query.get("payment_intent")) is not None:
        objects = [one for one in objects if one["payment_intent"] == intent]
    if (since := query.get("created[gte]")) is not None:
        objects = [one for one in objects if one.get("created", 0) >= int(since)]
    if (until := query.get("created[lt]")) is not None:
        objects = [one for one in objects if one.get("created", 0) < int(until)]
    latest = objects[::-1]
    if after := query.get("starting_after"):
        latest = latest[[one["id"] for one in latest].index(after) + 1 :]
    limit = int(query.get("limit", "10"))
    more = len(latest) > limit
    return web.json_response({"object": "list", "data": latest[:limit], "has_more": more})


def _error(code: str, parameter: str, status: int = 400) -> RefusedError:
    told = {"type": "invalid_request_error", "code": code, "param": parameter}
    return RefusedError(status, {"error": told})

"""PayPal in place of PayPal: it refuses what the real one refuses.

It wants a token, and an id for each request, checks the shape of what it is sent, answers an id that it has
seen as it did then, is paid once for each invoice, and signs its webhooks with a certificate that
it serves. People approve, or do not, by ``approve`` and ``void``, or on its page.
"""

import base64
import datetime as dt
import hashlib
import html
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import BasicAuth, web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chassis_payments.money import PAYPAL
from chassis_payments.providers.paypal_webhooks import ALGORITHM, CERTIFICATES, signed
from chassis_payments.testing.stand_in import Object, RefusedError, StandIn, checkout_page, packed

CLIENT = "stand-in"
SIGNER = "stand-in-secret"  # of nothing but this
WEBHOOK = CLIENT
"""The id of the webhook."""
CERTIFICATE = f"{CERTIFICATES}CERT-1"
TOKEN = "a-token"  # noqa: S105

_VALUE = re.compile(r"\d{1,10}(\.\d{2})?")
_LONGEST_ID = 108
_LARGEST_PAGE = 500
_MOST_DISPUTES = 50


@dataclass
class PayPalStandIn(StandIn):
    """An account at PayPal."""

    orders: dict[str, Object] = field(default_factory=dict)
    disputes: dict[str, Object] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    """Orders that are forgotten: nobody approved them in time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._key, self.certificate = _identity()
        self.address = ""
        """Where it is, as it was last called."""

    def application(self) -> web.Application:
        """Give what serves the API, and the page to people."""
        application = web.Application(middlewares=[self._guarded])
        application.add_routes(
            [
                web.post("/v1/oauth2/token", self._token),
                web.get(CERTIFICATE, self._certificate),
                web.post("/v2/checkout/orders", self._new_order),
                web.get("/v2/checkout/orders/{id}", self._get_order),
                web.post("/v2/checkout/orders/{id}/capture", self._capture),
                web.post("/v2/payments/captures/{id}/refund", self._refund),
                web.get("/v1/customer/disputes", self._list_disputes),
                web.get("/v1/customer/disputes/{id}", self._get_dispute),
                web.get("/v1/reporting/transactions", self._transactions),
                web.get("/pay/{id}", self._shown),
                web.post("/pay/{id}", self._pressed),
            ]
        )
        return application

    @property
    def charged(self) -> int:
        """How often money was taken."""
        return sum(len(_moved(one, "captures")) for one in self.orders.values())

    def approve(self, order_id: str) -> None:
        """Have who pays agree."""
        self.orders[order_id]["status"] = "APPROVED"
        self._event("CHECKOUT.ORDER.APPROVED", self.orders[order_id])

    def void(self, order_id: str) -> None:
        """Have an order given up."""
        self.orders[order_id]["status"] = "VOIDED"
        self._event("CHECKOUT.ORDER.VOIDED", self.orders[order_id])

    def dispute(self, capture_id: str, status: str = "OPEN", outcome: str = "") -> Object:
        """Have the money asked back by who paid, or that decided."""
        _, capture = self._captured(capture_id)
        found = self.disputes.setdefault(
            capture_id,
            {
                "dispute_id": self._id("PP-D"),
                "disputed_transactions": [{"seller_transaction_id": capture_id}],
                "dispute_amount": capture["amount"],
                "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            },
        )
        found |= {"status": status, "update_time": _now()}
        if outcome:
            found["dispute_outcome"] = {"outcome_code": outcome}
        self._event("CUSTOMER.DISPUTE.UPDATED", found)
        return found

    def give_back(self, capture_id: str, sent: Mapping[str, Any]) -> Object:
        """Give money back, as people do on PayPal's own pages, too."""
        order, capture = self._captured(capture_id)
        money = sent.get("amount") or capture["amount"]
        _check_money(money)
        if money["currency_code"] != capture["amount"]["currency_code"]:
            raise _error(422, "CURRENCY_MISMATCH")
        made = sum(_units(one["amount"]) for one in _moved(order, "refunds"))
        left = _units(capture["amount"]) - made
        if _units(money) > left:
            raise _error(422, "REFUND_AMOUNT_EXCEEDED")
        refund = {
            "id": self._id("REFUND"),
            "status": "COMPLETED",
            "amount": money,
            "links": [{"rel": "up", "href": f"{self.address}/v2/payments/captures/{capture_id}"}],
            **{name: sent[name] for name in ("custom_id", "invoice_id") if name in sent},
        }
        _moved(order, "refunds").append(refund)
        capture["status"] = "REFUNDED" if _units(money) == left else "PARTIALLY_REFUNDED"
        self._event("PAYMENT.CAPTURE.REFUNDED", refund)
        return refund

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.is_away and request.transport:
            request.transport.abort()
        self.address = f"http://{request.host}"
        if not request.path.startswith(("/pay/", CERTIFICATES)):
            self.calls.append((request.method, request.path))
        open_to_all = request.path.startswith(("/pay/", CERTIFICATES, "/v1/oauth2/"))
        if not open_to_all and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "invalid_token"}, status=401)
        try:
            answer: web.StreamResponse = await handler(request)
        except RefusedError as error:
            return web.json_response(error.body, status=error.status)
        return answer

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        given = BasicAuth.decode(request.headers.get("Authorization", "Basic Og=="))
        if (given.login, given.password) != (CLIENT, SIGNER):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        return web.json_response({"access_token": TOKEN, "expires_in": 32400})

    async def _certificate(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.certificate)

    async def _new_order(self, request: web.Request) -> web.StreamResponse:
        sent = await _json(request)
        if sent.get("intent") not in {"CAPTURE", "AUTHORIZE"}:
            raise _error(400, "MISSING_REQUIRED_PARAMETER")
        units = sent.get("purchase_units")
        if not isinstance(units, list) or len(units) != 1:
            raise _error(400, "INVALID_ARRAY_MIN_ITEMS")
        unit = units[0]
        _check_money(unit.get("amount"))
        for name, longest in (("custom_id", 127), ("invoice_id", 127), ("description", 127)):
            if len(unit.get(name, "")) > longest:
                raise _error(400, "INVALID_STRING_LENGTH")
        page = sent["payment_source"]["paypal"]["experience_context"]

        async def make() -> Object:
            order_id = self._id("ORDER")
            self.orders[order_id] = {
                "id": order_id,
                "status": "PAYER_ACTION_REQUIRED",
                "purchase_units": [dict(unit)],
                "links": [{"rel": "payer-action", "href": f"{self.address}/pay/{order_id}"}],
                "#return_url": page["return_url"],
                "#at": _now(),
            }
            return {**_public(self.orders[order_id]), "#status": 201}

        return await self._once(request, sent, make)

    async def _capture(self, request: web.Request) -> web.StreamResponse:
        await _json(request)
        order = self._order(request)

        async def make() -> Object:
            self.collect(order)
            return {**_public(order), "#status": 201}

        return await self._once(request, {}, make)

    def collect(self, order: Object) -> None:
        """Take the money of an order."""
        if order["status"] == "COMPLETED":
            raise _error(422, "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise _error(422, "ORDER_NOT_APPROVED")
        unit = order["purchase_units"][0]
        for other in self.orders.values():
            same = other["purchase_units"][0].get("invoice_id") == unit.get("invoice_id")
            if same and unit.get("invoice_id") and _moved(other, "captures"):
                raise _error(422, "DUPLICATE_INVOICE_ID")
        capture = {
            "id": self._id("CAPTURE"),
            "status": "COMPLETED",
            "amount": unit["amount"],
            "custom_id": unit.get("custom_id"),
            "supplementary_data": {"related_ids": {"order_id": order["id"]}},
        }
        _moved(order, "captures").append(capture)
        order["status"] = "COMPLETED"
        self._event("PAYMENT.CAPTURE.COMPLETED", capture)

    async def _refund(self, request: web.Request) -> web.StreamResponse:
        sent = await _json(request)
        if unknown := sent.keys() - {"amount", "custom_id", "invoice_id", "note_to_payer"}:
            raise _error(400, f"UNKNOWN_{min(unknown)}")

        async def make() -> Object:
            return {**self.give_back(request.match_info["id"], sent), "#status": 201}

        return await self._once(request, sent, make)

    async def _once(self, request: web.Request, sent: Object, make: Any) -> web.StreamResponse:
        """Do something once for each id of a request."""
        key = request.headers.get("PayPal-Request-Id", "")
        if not 0 < len(key) <= _LONGEST_ID:
            raise _error(400, "PAYPAL_REQUEST_ID_REQUIRED")
        text = json.dumps([request.path, sent], sort_keys=True)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        known = self.again(key, fingerprint)
        if known and known.fingerprint != fingerprint:
            raise _error(422, "PAYPAL_REQUEST_ID_PREVIOUSLY_USED")
        if known and known.answer is None:
            raise _error(409, "PREVIOUS_REQUEST_IN_PROGRESS")
        if known:
            return web.json_response(known.answer)

        async def act() -> Object:
            answer: Object = await make()
            self.keys[key].answer = {n: v for n, v in answer.items() if not n.startswith("#")}
            return answer

        try:
            return await self.write(request, act)
        finally:
            if self.keys[key].answer is None:  # nothing was done: the id is free again
                del self.keys[key]

    async def _get_order(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(_public(self._order(request)))

    async def _list_disputes(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        about, state = query.get("disputed_transaction_id"), query.get("dispute_state")
        begin, end = (query.get(f"update_time_{name}") for name in ("after", "before"))
        if not 1 <= (size := int(query.get("page_size", "10"))) <= _MOST_DISPUTES:
            raise _error(400, "INVALID_PAGE_SIZE")
        if end and _moment(end) > dt.datetime.now(dt.UTC):
            raise _error(400, "INVALID_DATE")
        found = [
            # How it has ended is only told where it is fetched by itself.
            {name: value for name, value in one.items() if name != "dispute_outcome"}
            for capture, one in self.disputes.items()
            if about in {None, capture} and state in {None, one["status"]}
            if begin is None or _moment(begin) <= _moment(one["update_time"])
            if end is None or _moment(one["update_time"]) <= _moment(end)
        ]
        first = int(query.get("next_page_token", "0"))
        more = f"{self.address}{request.path}?next_page_token={first + size}"
        links = [{"rel": "next", "href": more}] if len(found) > first + size else []
        return web.json_response({"items": found[first : first + size], "links": links})

    async def _get_dispute(self, request: web.Request) -> web.StreamResponse:
        for one in self.disputes.values():
            if one["dispute_id"] == request.match_info["id"]:
                return web.json_response(one)
        raise _error(404, "INVALID_RESOURCE_ID")

    async def _transactions(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        start, end = (_moment(query[name]) for name in ("start_date", "end_date"))
        if not 1 <= int(query.get("page_size", "100")) <= _LARGEST_PAGE:
            raise _error(400, "INVALID_PAGE_SIZE")
        if end - start > dt.timedelta(days=31):
            raise _error(400, "DATE_RANGE_EXCEEDED")
        found = []
        for order in self.orders.values():
            if not start <= _moment(order["#at"]) <= end:
                continue
            about = {
                "custom_field": order["purchase_units"][0].get("custom_id"),
                "paypal_reference_id": order["id"],
                "paypal_reference_id_type": "ODR",
            }
            for sign, code, kind in (("", "T0006", "captures"), ("-", "T1107", "refunds")):
                for moved in _moved(order, kind):
                    value = moved["amount"]["value"]
                    info = {
                        **about,
                        "transaction_id": moved["id"],
                        "transaction_event_code": code,
                        "transaction_initiation_date": order["#at"],
                        "transaction_status": "S",
                        "transaction_amount": {**moved["amount"], "value": f"{sign}{value}"},
                    }
                    found.append({"transaction_info": info})
        return web.json_response({"transaction_details": found, "total_pages": 1})

    async def _shown(self, request: web.Request) -> web.StreamResponse:
        order = self._order(request)
        money = order["purchase_units"][0]["amount"]
        told = html.escape(f"{money['value']} {money['currency_code']}")
        actions = "".join(f"<button name=do value={one}>{one}</button>" for one in _ACTIONS)
        return checkout_page("PayPal", "Payment", told, actions)

    async def _pressed(self, request: web.Request) -> web.StreamResponse:
        order = self._order(request)
        action = str((await request.post()).get("do"))
        if action in _ACTIONS and order["status"] == "PAYER_ACTION_REQUIRED":
            getattr(self, action)(order["id"])
        raise web.HTTPSeeOther(order["#return_url"])

    def signed(self, body: bytes, certificate_url: str = "") -> dict[str, str]:
        """Give the headers that a webhook of PayPal has."""
        transmission, at = self._id("T"), f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
        text = signed(transmission, at, WEBHOOK, body)
        made = self._key.sign(text, padding.PKCS1v15(), SHA256())
        return {
            "PAYPAL-AUTH-ALGO": ALGORITHM,
            "PAYPAL-CERT-URL": certificate_url or f"{self.address}{CERTIFICATE}",
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(made).decode(),
            "PAYPAL-TRANSMISSION-TIME": at,
        }

    def _event(self, kind: str, resource: Object) -> None:
        event = {"id": self._id("WH"), "event_type": kind, "resource": _public(resource)}
        body = packed(event)
        self.tell(body, self.signed(body))

    def _order(self, request: web.Request) -> Object:
        order_id = request.match_info["id"]
        if order_id not in self.orders or order_id in self.hidden:
            raise _error(404, "INVALID_RESOURCE_ID")
        return self.orders[order_id]

    def _captured(self, capture_id: str) -> tuple[Object, Object]:
        for order in self.orders.values():
            for capture in _moved(order, "captures"):
                if capture["id"] == capture_id:
                    return order, capture
        raise _error(404, "INVALID_RESOURCE_ID")

    def _id(self, kind: str) -> str:
        return f"{kind}-{self.begun}{next(self.numbers):06d}"


_ACTIONS = ("approve", "void")


def forged_tail(body: bytes, wanted: int) -> bytes:
    """Give four bytes that lend a body another checksum: whoever forges a webhook does this."""
    table = [0] * 256
    for index in range(256):
        value = index
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        table[index] = value
    tops = {value >> 24: index for index, value in enumerate(table)}
    state, end = zlib.crc32(body) ^ 0xFFFFFFFF, wanted ^ 0xFFFFFFFF
    chosen = []
    for _ in range(4):
        index = tops[end >> 24]
        chosen.append(index)
        end = ((end ^ table[index]) << 8 | index) & 0xFFFFFFFF
    tail = bytearray()
    for index in reversed(chosen):
        tail.append((state ^ index) & 0xFF)
        state = state >> 8 ^ table[index]
    return bytes(tail)


def _moved(order: Object, kind: str) -> list[Object]:
    moved: list[Object] = order["purchase_units"][0].setdefault("payments", {}).setdefault(kind, [])
    return moved


def _public(resource: Object) -> Object:
    return {name: value for name, value in resource.items() if not name.startswith("#")}


async def _json(request: web.Request) -> Object:
    if request.content_type != "application/json":
        raise _error(415, "UNSUPPORTED_MEDIA_TYPE")
    body = await request.json()
    if not isinstance(body, dict):
        raise _error(400, "MALFORMED_REQUEST_JSON")
    return body


def _check_money(money: Any) -> None:
    """Take an amount as PayPal does."""
    match money:
        case {"currency_code": str(code), "value": str(value)} if code in PAYPAL.units:
            digits = len(value.partition(".")[2])
            if _VALUE.fullmatch(value) and digits == PAYPAL.units[code].digits and float(value):
                return
            raise _error(422, "DECIMAL_PRECISION")
    raise _error(400, "INVALID_CURRENCY_CODE")


def _units(money: Mapping[str, str]) -> int:
    return PAYPAL.read(money["value"], money["currency_code"])


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise _error(400, "INVALID_DATE")
    return moment


def _error(status: int, issue: str) -> RefusedError:
    return RefusedError(status, {"name": "REFUSED", "details": [{"issue": issue}]})


@cache
def _identity() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Make a key and its certificate once: that takes a while."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key, _certificate(key)


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )

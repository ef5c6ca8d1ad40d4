"""Webhooks of PayPal: a signature over a checksum of the bytes as they came.

The checksum is a CRC32: whoever has one signed webhook can make another body that the same signature
fits. So nothing that it says is believed: it is a reason to ask PayPal, and no more than that.
"""

import base64
import datetime as dt
import re
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from chassis.problems import Unavailable
from chassis.webhooks import Forged, check_age, json_of
from chassis_payments.payments import NewEvent
from chassis_payments.providers.calling import AWAY, Calls
from chassis_payments.providers.port import Event, subjects

CERTIFICATES: Final = "/v1/notifications/certs/"
HOSTS: Final = (
    ("api.paypal.com", "api-m.paypal.com"),
    ("api.sandbox.paypal.com", "api-m.sandbox.paypal.com"),
)
"""Where certificates are: of payments, and of the sandbox, which says nothing of payments."""
ALGORITHM: Final = "SHA256withRSA"
MOST: Final = 4
"""Certificates that are remembered."""
NOT_SIGNED = "This is not signed by PayPal."

type Key = rsa.RSAPublicKey


class Webhooks:
    """Tells the webhooks of PayPal, with the certificates that it fetches there."""

    def __init__(self, calls: Calls, webhook: str) -> None:
        self._calls = calls
        self._webhook = webhook
        self._theirs = _theirs(calls.url)
        self._keys: OrderedDict[str, Key] = OrderedDict()

    async def event_of(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Say what a webhook said; raises Forged, and Unavailable if nobody can tell now."""
        given = {name: headers.get(f"paypal-{name}", "") for name in _HEADERS}
        if not self._webhook or given["auth-algo"] != ALGORITHM or not all(given.values()):
            raise Forged(NOT_SIGNED)
        key = await self._key(given["cert-url"])
        text = signed(given["transmission-id"], given["transmission-time"], self._webhook, body)
        try:
            made = base64.b64decode(given["transmission-sig"], validate=True)
            key.verify(made, text, padding.PKCS1v15(), SHA256())
            check_age(dt.datetime.fromisoformat(given["transmission-time"]))
        except (TypeError, ValueError, InvalidSignature) as error:
            raise Forged(NOT_SIGNED) from error
        return _event(body)

    async def _key(self, url: str) -> Key:
        """Give the key of a certificate, which is only fetched where PayPal has them."""
        if not self._theirs.fullmatch(url):
            raise Forged(NOT_SIGNED)
        if url not in self._keys:
            try:
                key = x509.load_pem_x509_certificate(await self._certificate(url)).public_key()
            except ValueError as error:
                raise Forged(NOT_SIGNED) from error
            if not isinstance(key, rsa.RSAPublicKey):
                raise Forged(NOT_SIGNED)
            self._keys[url] = key
            if len(self._keys) > MOST:
                self._keys.popitem(last=False)
        return self._keys[url]

    async def _certificate(self, url: str) -> bytes:
        """Fetch a certificate.

        Whoever sends a webhook names it: that this fails says nothing of payments, and so does not
        count as a call of theirs.
        """
        try:
            answer = await self._calls.client.get(url)
        except httpx2.HTTPError as error:
            raise Unavailable(AWAY.format(provider=self._calls.provider)) from error
        if answer.is_server_error:
            raise Unavailable(AWAY.format(provider=self._calls.provider))
        if not answer.is_success:
            raise Forged(NOT_SIGNED)
        return answer.content


_HEADERS = ("auth-algo", "cert-url", "transmission-id", "transmission-sig", "transmission-time")


def _theirs(api: str) -> re.Pattern[str]:
    """Say which addresses are those of certificates; no webhook can name another place."""
    own = api.removeprefix("https://")
    hosts = next(([f"https://{one}" for one in hosts] for hosts in HOSTS if own in hosts), [api])
    return re.compile(rf"({'|'.join(map(re.escape, hosts))}){CERTIFICATES}[A-Za-z0-9_-]{{1,200}}")


def signed(transmission: str, time: str, webhook: str, body: bytes) -> bytes:
    """Give what a signature is made over."""
    return f"{transmission}|{time}|{webhook}|{zlib.crc32(body)}".encode()


def _event(body: bytes) -> Event:
    try:
        event = json_of(body)
        said = NewEvent(kind=event["event_type"], subjects=subjects_of(event["resource"]))
        return Event(id=event["id"], said=said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Forged("This is no event of PayPal.") from error


def subjects_of(resource: Mapping[str, Any]) -> list[str]:
    """Give whatever may name the payment that a resource is about."""
    related = (resource.get("supplementary_data") or {}).get("related_ids") or {}
    units = resource.get("purchase_units") or []
    disputed = resource.get("disputed_transactions") or []
    up = [link.get("href", "") for link in resource.get("links") or [] if link.get("rel") == "up"]
    named = [
        resource.get("id"),
        resource.get("custom_id"),
        related.get("order_id"),
        related.get("capture_id"),
        *(unit.get("custom_id") for unit in units[:5]),
        *(one.get("seller_transaction_id") for one in disputed[:5]),
        *(href.rpartition("/")[2] for href in up[:2]),
    ]
    return subjects(named)

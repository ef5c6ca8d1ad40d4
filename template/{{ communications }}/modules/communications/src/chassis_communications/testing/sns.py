"""A topic of SNS with a key of its own, and the place where its certificate is."""

import base64
import datetime as dt
import json
from functools import cache
from typing import Any
from uuid import uuid4

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-1:000000000000:mail"
HOST = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-7.pem"
SUBSCRIBE = f"{HOST}/?Action=ConfirmSubscription&Token=7"


@cache  # one is made in a quarter of a second
def _key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


class Topic:
    """Tells what SNS would; `asked` is what was asked of its addresses."""

    def __init__(self) -> None:
        self._key = _key()
        self.asked: list[str] = []
        self.away = False
        self.status = 200
        """Of what comes for a certificate."""

    def transport(self) -> httpx2.MockTransport:
        """Give the certificate to whoever asks any address for it."""

        def answer(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(str(request.url))
            body = httpx2.ByteStream(self._certificate())
            return httpx2.Response(503 if self.away else self.status, stream=body)

        return httpx2.MockTransport(answer)

    def tells(self, message: Any, **other: str) -> bytes:
        """Give a notification; `other` are fields that say something else, signed too."""
        return self._signed(
            "Notification", message if isinstance(message, str) else json.dumps(message), {}, other
        )

    def asks(self, **other: str) -> bytes:
        """Give the question whether it may tell."""
        more = {"SubscribeURL": SUBSCRIBE, "Token": "7"}
        return self._signed("SubscriptionConfirmation", "Confirm?", more, other)

    def _signed(
        self, kind: str, message: str, more: dict[str, str], other: dict[str, str]
    ) -> bytes:
        told = {
            "Type": kind,
            "MessageId": str(uuid4()),
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S}.000Z",
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
            **more,
            **other,
        }
        unsigned = {"SignatureVersion", "SigningCertURL"}
        text = "".join(f"{name}\n{told[name]}\n" for name in sorted(told) if name not in unsigned)
        signature = self._key.sign(text.encode(), PKCS1v15(), SHA256())
        return json.dumps({**told, "Signature": base64.b64encode(signature).decode()}).encode()

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(7)
            .not_valid_before(begin)
            .not_valid_after(begin + dt.timedelta(days=3650))
            .sign(self._key, SHA256())
        )
        return certificate.public_bytes(Encoding.PEM)

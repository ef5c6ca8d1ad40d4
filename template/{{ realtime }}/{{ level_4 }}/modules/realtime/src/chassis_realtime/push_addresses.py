"""What an address of a device may be: services are sent to where a client says, so it is looked at closely.

An endpoint of Web Push is an address that this system calls. Only those of the push services of
browsers are taken, as `PUSH_WEB_HOSTS` names them: no other host, no port, no user, no number.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from chassis.problems import Invalid
from chassis_realtime.devices import Kind

FCM_TOKEN = re.compile(r"[\w:.-]{20,1024}", re.ASCII)
APNS_TOKEN = re.compile(r"[0-9a-f]{64,200}", re.ASCII)
# Nothing that one reader takes for a part of the host and another one for a part of the path.
ENDPOINT = re.compile(r"https://([a-z0-9][a-z0-9.-]*[a-z0-9])/[\w!$%&'()*+,./:;=?@~-]+", re.ASCII)
STAND_IN = re.compile(r"http://127\.0\.0\.1:\d{1,5}", re.ASCII)
"""What `PUSH_WEB_HOSTS` may name besides hosts: a push service for tests, on this machine."""
SECRET_BYTES = 16
LONGEST_KEY = 100


def checked(
    kind: Kind, address: str, p256dh: str | None, auth: str | None, hosts: Collection[str]
) -> str:
    """Give the address as it is kept; raises Invalid, with the field that is wrong."""
    match kind:
        case "web_push":
            if not is_endpoint(address, hosts):
                raise Invalid("must be an endpoint of a browser's push service", field="address")
            if public_point(p256dh) is None:
                raise Invalid("must be a point of the curve P-256, in Base64", field="p256dh")
            if secret(auth) is None:
                raise Invalid(f"must be {SECRET_BYTES} bytes, in Base64", field="auth")
            return address
        case "apns":
            address = address.lower()
            known = APNS_TOKEN.fullmatch(address)
        case "fcm":
            known = FCM_TOKEN.fullmatch(address)
    if not known:
        raise Invalid(f"must be a token of {kind}", field="address")
    for name, value in (("p256dh", p256dh), ("auth", auth)):
        if value is not None:
            raise Invalid("is of Web Push alone", field=name)
    return address


def is_endpoint(address: str, hosts: Collection[str]) -> bool:
    """Tell whether an address is one of the push services that are named."""
    for place in hosts:
        if STAND_IN.fullmatch(place) and address.startswith(f"{place}/"):
            return True
    found = ENDPOINT.fullmatch(address)
    if found is None or urlsplit(address).netloc != found[1]:
        return False
    return any(_fits(found[1], place) for place in hosts)


def public_point(text: str | None) -> ec.EllipticCurvePublicKey | None:
    """Read the public key of a subscription; None for what is none."""
    raw = _decoded(text)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return None


def secret(text: str | None) -> bytes | None:
    """Read the secret of a subscription; None for what is none."""
    raw = _decoded(text)
    return raw if len(raw) == SECRET_BYTES else None


def _fits(host: str, place: str) -> bool:
    if place.startswith("*."):
        return host.endswith(place[1:]) and not host.startswith(".")
    return host == place


def _decoded(text: str | None) -> bytes:
    """Read Base64 for URLs, with or without what fills it up; empty for anything else."""
    given = (text or "").rstrip("=")
    if not given or len(given) > LONGEST_KEY or not re.fullmatch(r"[\w-]+", given, re.ASCII):
        return b""
    try:
        return urlsafe_b64decode(given + "=" * (-len(given) % 4))
    except binascii.Error:
        return b""

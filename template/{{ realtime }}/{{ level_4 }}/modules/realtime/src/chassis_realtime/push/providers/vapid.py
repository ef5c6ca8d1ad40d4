"""The key by which push services of browsers know this system (RFC 8292), as settings write it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec

from chassis_realtime.push.providers.encryption import raw
from chassis_realtime.push.providers.signing import WrongCredentialsError

BYTES = 32


def written(key: ec.EllipticCurvePrivateKey) -> str:
    """Write a private key as PUSH_VAPID_KEY holds it."""
    return _base64(key.private_numbers().private_value.to_bytes(BYTES))


def shown(key: ec.EllipticCurvePrivateKey) -> str:
    """Write the public half as PUSH_VAPID_PUBLIC_KEY holds it, and pages subscribe with it."""
    return _base64(raw(key.public_key()))


def read(text: str) -> ec.EllipticCurvePrivateKey:
    """Read a private key; raises WrongCredentialsError."""
    try:
        given = urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
        if len(given) == BYTES:
            return ec.derive_private_key(int.from_bytes(given), ec.SECP256R1())
    except ValueError:
        pass
    raise WrongCredentialsError("PUSH_VAPID_KEY must be a key that `make push-key` has made")


def _base64(given: bytes) -> str:
    return urlsafe_b64encode(given).rstrip(b"=").decode()

"""What this system proves itself with: keys, and texts that are signed with them for some time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

type Clock = Callable[[], float]


class WrongCredentialsError(ValueError):
    """Credentials that cannot be meant; the text names the setting and says what is expected."""


@dataclass
class _Made:
    text: str
    until: float


class Renewed:
    """Texts that are made anew when they are too old, by what they are for."""

    MOST = 100

    def __init__(self, make: Callable[[str, int], str], life: float, clock: Clock) -> None:
        self._make = make
        self._life = life
        self._clock = clock
        self._made: dict[str, _Made] = {}

    def get(self, purpose: str = "") -> str:
        """Give the text that is good now."""
        now = self._clock()
        made = self._made.get(purpose)
        if made is None or made.until <= now:
            if len(self._made) >= self.MOST:
                self._made.clear()
            made = _Made(self._make(purpose, int(now)), now + self._life)
            self._made[purpose] = made
        return made.text

    def forget(self, older: float) -> None:
        """Make anew what is older than so many seconds."""
        until = self._clock() - older + self._life
        self._made = {purpose: one for purpose, one in self._made.items() if one.until > until}


def wall_clock() -> float:
    """Give the seconds since 1970."""
    return time.time()


def elliptic_key(pem: str, setting: str) -> ec.EllipticCurvePrivateKey:
    """Read a key of the curve P-256; raises WrongCredentialsError."""
    key = _key(pem, setting)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        msg = f"{setting} must be a private key of the curve P-256"
        raise WrongCredentialsError(msg)
    return key


def rsa_key(pem: str, setting: str) -> rsa.RSAPrivateKey:
    """Read a key of RSA; raises WrongCredentialsError."""
    key = _key(pem, setting)
    if not isinstance(key, rsa.RSAPrivateKey):
        msg = f"{setting} must have a private key of RSA"
        raise WrongCredentialsError(msg)
    return key


def _key(pem: str, setting: str) -> object:
    try:
        # In a variable that has one line, line ends are written out.
        return load_pem_private_key(pem.replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        msg = f"{setting} must be a private key in PEM, without a password"
        raise WrongCredentialsError(msg) from None

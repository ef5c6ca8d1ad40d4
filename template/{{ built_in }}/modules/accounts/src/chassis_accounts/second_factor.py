"""The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes."""

import secrets
from hashlib import sha256

import pyotp

STEP_S = 30
DIFFERS = (0, -1, 1)
"""Steps by which the clock of a telephone may differ."""
CODES = 10


def new_secret() -> str:
    """Make what an authenticator and this system share."""
    return pyotp.random_base32()


def address(secret: str, email: str, title: str) -> str:
    """Give what authenticators read as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=title)


def step_of(secret: str, code: str, now: float) -> int | None:
    """Give the step that a code is right for; None if it is wrong."""
    totp = pyotp.TOTP(secret)
    current = int(now) // STEP_S
    for step in (current + difference for difference in DIFFERS):
        if secrets.compare_digest(totp.at(step * STEP_S).encode(), code.encode()):
            return step
    return None


def recovery_codes() -> list[str]:
    """Make codes for the day on which the authenticator is lost; each is good once."""
    made = (secrets.token_hex(8) for _ in range(CODES))
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]


def digest(code: str) -> str:
    """Give what is kept of a recovery code: it is random enough for a fast hash."""
    return sha256(code.strip().lower().encode()).hexdigest()

"""What is kept so that nobody but this system can read it."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken

from chassis.problems import Unavailable
from chassis_accounts.errors import AWAY


class Seal:
    """Seals texts with ACCOUNTS_KEY; each purpose has a key of its own."""

    def __init__(self, key: str, purpose: str) -> None:
        digest = sha256(f"{purpose}:{key}".encode()).digest()
        self._fernet = Fernet(urlsafe_b64encode(digest)) if key else None

    def close(self, text: str) -> str:
        """Seal a text; raises Unavailable without a key."""
        if self._fernet is None:
            raise Unavailable(AWAY) from RuntimeError("ACCOUNTS_KEY is not set")
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Read what was sealed; None if this key has not sealed it."""
        try:
            return self._fernet.decrypt(sealed).decode() if self._fernet else None
        except (InvalidToken, ValueError):
            return None

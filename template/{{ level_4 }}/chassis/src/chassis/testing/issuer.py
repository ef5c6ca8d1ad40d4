"""An issuer of tokens for tests: it signs what it is told to, right or wrong."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

NAME = "https://issuer.example"
AUDIENCE = "api"


class Issuer:
    """A pair of keys with an id."""

    def __init__(self, key_id: str = "one") -> None:
        self.key_id = key_id
        self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def entry(self) -> dict[str, Any]:
        """The public key, as a JWKS has it."""
        public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.key_id, "alg": "ES256", "use": "sig"}

    @property
    def published(self) -> bytes:
        """The JWKS."""
        return json.dumps({"keys": [self.entry]}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Give the claims of a token that is right, changed; None takes one out."""
        now = int(time.time())
        right = {
            "iss": NAME,
            "aud": AUDIENCE,
            "sub": "anna",
            "roles": ["admin"],
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**right, **changes}.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Sign a token."""
        sent = {"typ": "at+jwt", "kid": self.key_id, **(header or {})}
        return jwt.encode(self.claims(**changes), self.private, "ES256", headers=sent)

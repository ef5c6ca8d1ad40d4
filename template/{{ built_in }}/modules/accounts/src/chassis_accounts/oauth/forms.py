"""What OAuth takes and how it refuses: forms, and errors by RFC 6749, section 5.2."""

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request
from fastapi.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store"}
_MOST_FIELDS = 20


class OAuthError(Exception):
    """A request that is refused, with the error that the RFC names."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status

    @property
    def response(self) -> JSONResponse:
        """Give the answer."""
        body = {"error": self.error, "error_description": str(self)}
        challenge = {"WWW-Authenticate": 'Basic realm="oauth2"'} if self.status == 401 else {}
        return JSONResponse(body, self.status, {**NO_STORE, **challenge})


async def form_of(request: Request) -> Mapping[str, str]:
    """Read a form; raises OAuthError for one that is none, or that names a field twice."""
    try:
        text = (await request.body()).decode()
        pairs = parse_qsl(text, strict_parsing=bool(text), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise OAuthError("invalid_request", "The body must be a form in UTF-8.") from None
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise OAuthError("invalid_request", f"{twice[0]} must be sent once.")
    return dict(pairs)


def needed(form: Mapping[str, str], name: str) -> str:
    """Give a field of a form; raises OAuthError where it is not there."""
    if not form.get(name):
        raise OAuthError("invalid_request", f"{name} must be sent.")
    return form[name]


def shown_by(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Give the id and the secret that a client shows: by Basic, or in the form."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from chassis.problems import ProblemError

LINKS = "/api/v1/file-links"
NOT_GOOD = "The link is not good."
EXPIRED = "The link has expired."


class Forbidden(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """A link does not allow this: 403."""

    status = HTTPStatus.FORBIDDEN


@dataclass(frozen=True, slots=True)
class AccessLinks:
    """Signs links to files, and knows its own."""

    key: str

    def link(self, file_id: UUID, by: str, expires: dt.datetime) -> str:
        """Give the path of a link that somebody makes, which is good until a moment."""
        until = int(expires.timestamp())
        query = {"expires": until, "by": by, "signature": self._signature(file_id, by, until)}
        return f"{LINKS}/{file_id}?{urlencode(query)}"

    def check(self, file_id: UUID, by: str, expires: int, signature: str) -> None:
        """Raise Forbidden for a link that is not ours, or not good any more."""
        own = self._signature(file_id, by, expires)
        if not hmac.compare_digest(own.encode(), signature.encode()):
            raise Forbidden(NOT_GOOD)
        if expires <= dt.datetime.now(dt.UTC).timestamp():
            raise Forbidden(EXPIRED)

    def _signature(self, file_id: UUID, by: str, expires: int) -> str:
        text = "\n".join(["GET", LINKS, str(file_id), str(expires), by])
        return hmac.new(self.key.encode(), text.encode(), hashlib.sha256).hexdigest()

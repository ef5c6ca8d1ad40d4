"""Links that a server which speaks S3 knows as ours (AWS Signature Version 4, in the query).

No library signs the length, the type and the checksum of what is sent; without them a link takes
anything.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Call:
    """What a link allows."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Those that have to be sent as they are here."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs links with the key of somebody who may do what they allow."""

    key_id: str
    key: str
    region: str

    def signed(self, call: Call, at: dt.datetime, seconds: int) -> str:
        """Give the address with its signature, which is good from a moment on for so long."""
        parts = urlsplit(call.url)
        sent = {"host": parts.netloc, **{name.lower(): text for name, text in call.headers.items()}}
        names = ";".join(sorted(sent))
        scope = f"{at:%Y%m%d}/{self.region}/s3/aws4_request"
        asked = {
            **call.query,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.key_id}/{scope}",
            "X-Amz-Date": f"{at:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": names,
        }
        written = "&".join(f"{_escaped(name)}={_escaped(asked[name])}" for name in sorted(asked))
        lines = "".join(f"{name}:{sent[name].strip()}\n" for name in sorted(sent))
        request = "\n".join([call.method, parts.path or "/", written, lines, names, UNSIGNED])
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = f"{ALGORITHM}\n{asked['X-Amz-Date']}\n{scope}\n{digest}"
        signature = hmac.new(self._key(scope), text.encode(), hashlib.sha256).hexdigest()
        return f"{call.url}?{written}&X-Amz-Signature={signature}"

    def _key(self, scope: str) -> bytes:
        key = f"AWS4{self.key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")

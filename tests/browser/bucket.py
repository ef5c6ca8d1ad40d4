"""A bucket with rules for pages of other origins; run by the Python of a project.

``bucket.py PORT RULES``: the stand-in of the project's own tests, which checks signatures, behind
the rules of a file, as S3 applies them: to the first one that fits.
"""

import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import uvicorn
from chassis_files.testing.s3 import S3
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Cors:
    """Answers browsers that ask before they send, and says in answers who may read them."""

    def __init__(self, app: ASGIApp, rules: list[dict[str, Any]]) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            method = headers.get("access-control-request-method", "")
            names = headers.get("access-control-request-headers", "")
            asked = [name.strip() for name in names.split(",") if name.strip()]
            rule = self._rule(origin, method, asked)
            answer = PlainTextResponse("", 200 if rule else 403)
            if rule:
                _tell(answer.headers, origin, rule)
                answer.headers["Access-Control-Allow-Headers"] = ", ".join(asked)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, self._telling(scope, origin, send))

    def _telling(self, scope: Scope, origin: str, send: Send) -> Send:
        rule = self._rule(origin, scope["method"], [])

        async def telling(message: Message) -> None:
            if rule and message["type"] == "http.response.start":
                _tell(MutableHeaders(scope=message), origin, rule)
            await send(message)

        return telling

    def _rule(self, origin: str, method: str, names: list[str]) -> dict[str, Any] | None:
        for rule in self._rules:
            allowed = [one.lower() for one in rule.get("AllowedHeaders", [])]
            if (
                any(fnmatchcase(origin, one) for one in rule["AllowedOrigins"])
                and method in rule["AllowedMethods"]
                and all(any(fnmatchcase(name.lower(), one) for one in allowed) for name in names)
            ):
                return rule
        return None


def _tell(headers: MutableHeaders, origin: str, rule: dict[str, Any]) -> None:
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Allow-Methods"] = ", ".join(rule["AllowedMethods"])
    headers["Access-Control-Max-Age"] = str(rule.get("MaxAgeSeconds", 0))
    headers["Vary"] = "Origin"


if __name__ == "__main__":
    port, file = sys.argv[1:]
    rules = json.loads(Path(file).read_text("utf-8"))["CORSRules"]
    uvicorn.run(Cors(S3(), rules), port=int(port), lifespan="off", log_level="warning")

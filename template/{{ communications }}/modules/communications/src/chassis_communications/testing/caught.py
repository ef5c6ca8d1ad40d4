"""What was caught instead of being sent, to be read by a person."""

from collections import deque
from dataclasses import dataclass
from html import escape

from aiohttp import web

MOST = 200
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3"><title>{title}</title></head>
<body style="font-family: sans-serif; max-width: 60rem; margin: 2rem auto"><h1>{title}</h1>{content}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Caught:
    """A message that did not leave this machine."""

    to: str
    text: str
    subject: str = ""
    html: str = ""


class Box:
    """The latest messages, the newest first, at `/` as a page and at `/messages` as JSON."""

    def __init__(self, title: str) -> None:
        self.messages: deque[Caught] = deque(maxlen=MOST)
        self._title = title

    def add(self, caught: Caught) -> None:
        """Keep one more."""
        self.messages.appendleft(caught)

    def routes(self) -> list[web.RouteDef]:
        """Give what shows them."""
        return [web.get("/", self._page), web.get("/messages", self._json)]

    async def _page(self, _request: web.Request) -> web.Response:
        content = "".join(map(_shown, self.messages)) or "<p>Nothing came yet.</p>"
        page = PAGE.format(title=escape(self._title), content=content)
        return web.Response(text=page, content_type="text/html")

    async def _json(self, _request: web.Request) -> web.Response:
        fields = ("to", "subject", "text", "html")
        return web.json_response(
            [{name: getattr(one, name) for name in fields} for one in self.messages]
        )


def _shown(caught: Caught) -> str:
    head = f"<h2>{escape(caught.to)}: {escape(caught.subject)}</h2>"
    if caught.html:
        frame = f'srcdoc="{escape(caught.html)}" sandbox style="width: 100%; height: 16rem"'
        return f"{head}<iframe {frame}></iframe>"
    return f"{head}<pre>{escape(caught.text)}</pre>"

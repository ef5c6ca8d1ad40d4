"""A Bot API server in place of Telegram's: it refuses what the real one refuses.

It confirms updates by the offset, ends the older of two requests for updates (409), wants silence in
a flooded chat (429), takes nothing for a chat that has blocked the bot (403), and refuses what is
too long or does not change anything (400), and a wrong token (401). Where there is a webhook it sends
updates there, several at the same time, each until it is taken. People write and press buttons
by ``say`` and ``press``, or over HTTP.
"""

import asyncio
import itertools
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, web

from chassis_bot.testing.page import PAGE

TOKEN = "1:stand-in"  # noqa: S105  # of nothing but this
LONGEST_TEXT = 4096
LONGEST_DATA = 64
AGAIN_S = 0.05
"""Seconds after which an update is sent again that a webhook has not taken; Telegram takes longer."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)

type Answer = Any
type Given = Mapping[str, Any]


class RefusedError(Exception):
    """A call is refused as Telegram refuses it."""

    def __init__(self, status: int, text: str, **parameters: int) -> None:
        super().__init__(text)
        self.status = status
        self.parameters = parameters


@dataclass
class Chat:
    """One chat: what was said in it, and whether the bot may speak."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    blocked: bool = False
    flooded_until: float = 0.0
    moved_to: int | None = None

    @property
    def texts(self) -> list[str]:
        """What the bot has said, the last one at the end."""
        return [message["text"] for message in self.messages if message["from"]["is_bot"]]

    @property
    def buttons(self) -> dict[str, str]:
        """The buttons of the last message, with what they carry."""
        return buttons(self.messages[-1]) if self.messages else {}


def buttons(message: Mapping[str, Any]) -> dict[str, str]:
    """Give the buttons of a message, with what they carry."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {one["text"]: one["callback_data"] for row in rows for one in row}


class Telegram:
    """The server's state; ``application`` serves it."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.chats: dict[int, Chat] = defaultdict(Chat)
        self.updates: list[dict[str, Any]] = []
        """What is not confirmed yet."""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        """Every call but those for updates."""
        self.webhook = ""
        """Where updates are sent to; empty while they are asked for."""
        self.ways: dict[str, str] = {}
        """Where addresses lead to that are only known outside: the host, and what is there instead."""
        self.sent: list[tuple[int, int]] = []
        """Each time that an update was sent to the webhook: its id, and the answer's status, 0 for none."""
        self._given: dict[str, Any] = {}
        self._failure: dict[str, Any] = {}
        self._sending: asyncio.Task[None] | None = None
        self.numbers = itertools.count(1)
        """What updates and messages are numbered with."""
        self._open_queries: set[str] = set()
        self._poller: asyncio.Future[None] | None = None
        self._news = asyncio.Event()

    def say(self, chat: int, text: str | None, **more: Any) -> int:
        """Write something in a chat; give the update's id."""
        message = self._message(chat, text, is_bot=False, **more)
        self.chats[chat].messages.append(message)
        return self._tell({"message": message})

    def press(self, chat: int, label: str) -> int:
        """Press the last button of that name; give the update's id."""
        for message in reversed(self.chats[chat].messages):
            if data := buttons(message).get(label):
                return self.press_data(chat, message["message_id"], data)
        raise LookupError(f"no button {label!r}, the last ones are {self.chats[chat].buttons}")

    def press_data(self, chat: int, message_id: int, data: str) -> int:
        """Press a button by what it carries; give the update's id."""
        message = self._find(chat, message_id)
        query = str(next(self.numbers))
        self._open_queries.add(query)
        return self._tell(
            {
                "callback_query": {
                    "id": query,
                    "from": _person(chat),
                    "message": message,
                    "chat_instance": str(chat),
                    "data": data,
                }
            }
        )

    def application(self) -> web.Application:
        """Give what serves the Bot API, and the chats to people."""
        application = web.Application()
        application.on_cleanup.append(self._close)
        application.add_routes(
            [
                web.post("/bot{token}/{method}", self._called),
                web.get("/", self._page),
                web.get("/chats/{chat}", self._chat),
                web.post("/chats/{chat}/texts", self._written),
                web.post("/chats/{chat}/buttons", self._pressed),
            ]
        )
        return application

    async def _called(self, request: web.Request) -> web.Response:
        given = {name: _value(str(text)) for name, text in (await request.post()).items()}
        try:
            self._check(request.match_info["token"])
            result = await self._answer(request.match_info["method"], given)
        except RefusedError as error:
            refusal = {
                "ok": False,
                "error_code": error.status,
                "description": str(error),
                "parameters": error.parameters,
            }
            return web.json_response(refusal, status=error.status)
        return web.json_response({"ok": True, "result": result})

    def _check(self, token: str) -> None:
        if token != self.token:
            raise RefusedError(401, "Unauthorized")

    async def _answer(self, method: str, given: Given) -> Answer:
        if method == "getUpdates":
            return await self._get_updates(given)
        self.calls.append((method, dict(given)))
        known: Mapping[str, Callable[[Given], Answer]] = {
            "sendMessage": self._send,
            "editMessageText": self._edit,
            "answerCallbackQuery": self._answer_query,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "getMe": _me,
        }
        return known[method](given) if method in known else True

    async def _get_updates(self, given: Given) -> Answer:
        if self.webhook:
            raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
        if self._poller and not self._poller.done():
            self._poller.set_result(None)
        own = self._poller = asyncio.get_running_loop().create_future()
        offset, limit = int(given.get("offset", 0)), int(given.get("limit", 100))
        self.updates = [one for one in self.updates if one["update_id"] >= offset]
        end = time.monotonic() + float(given.get("timeout", 0))
        while not self.updates and (left := end - time.monotonic()) > 0:
            self._news.clear()
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait({own, news}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            if own.done():
                raise RefusedError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only"
                    " one bot instance is running",
                )
        own.cancel()
        return self.updates[:limit]

    def _set_webhook(self, given: Given) -> Answer:
        if urlsplit(given["url"]).scheme != "https":
            raise RefusedError(
                400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            )
        if not _SECRET.fullmatch(given.get("secret_token", "-")):
            raise RefusedError(400, "Bad Request: secret token contains unallowed characters")
        self.end_webhook()
        self.webhook, self._given = given["url"], dict(given)
        self._sending = asyncio.create_task(self._send_all())
        return True

    def _delete_webhook(self, _given: Given) -> Answer:
        self.end_webhook()
        return True

    def end_webhook(self) -> None:
        """Send no more updates; they wait until they are asked for."""
        self.webhook, self._given, self._failure = "", {}, {}
        if self._sending:
            self._sending.cancel()

    async def _close(self, _application: web.Application) -> None:
        self.end_webhook()
        if self._sending:
            await asyncio.wait([self._sending])

    def _webhook_info(self, _given: Given) -> Answer:
        return {
            "url": self.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates),
            **self._failure,
        }

    async def _send_all(self) -> None:
        """Send what waits, side by side and in no order; what is not taken comes again."""
        address, own = self.webhook, urlsplit(self.webhook)
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._given.get("secret_token", "")}
        async with ClientSession(headers=headers) as session:
            while self.webhook == address:
                self._news.clear()
                url = self.ways.get(own.netloc, f"{own.scheme}://{own.netloc}") + own.path
                some = self.updates[: int(self._given.get("max_connections", 40))]
                taken = await asyncio.gather(*(self._send_one(session, url, one) for one in some))
                if not all(taken):
                    await asyncio.sleep(AGAIN_S)
                elif not self.updates:
                    await self._news.wait()

    async def _send_one(self, session: ClientSession, url: str, update: dict[str, Any]) -> bool:
        """Send an update to the webhook; say whether it was taken."""
        try:
            async with session.post(url, json=update) as answer:
                status, said = answer.status, f"Wrong response from the webhook: {answer.status}"
        except ClientError as error:
            status, said = 0, type(error).__name__
        self.sent.append((update["update_id"], status))
        if 200 <= status < 300:
            self.updates.remove(update)
            return True
        self._failure = {"last_error_date": int(time.time()), "last_error_message": said}
        return False

    def _send(self, given: Given) -> Answer:
        chat = self._writable(given)
        message = self._message(int(given["chat_id"]), _text(given), is_bot=True, **_markup(given))
        chat.messages.append(message)
        return message

    def _edit(self, given: Given) -> Answer:
        self._writable(given)
        message = self._find(int(given["chat_id"]), int(given["message_id"]))
        changed = {"text": _text(given), **_markup(given)}
        if {"text": message["text"], **_markup(message)} == changed:
            raise RefusedError(
                400,
                "Bad Request: message is not modified: specified new message content and"
                " reply markup are exactly the same",
            )
        message.pop("reply_markup", None)
        message.update(changed)
        return message

    def _answer_query(self, given: Given) -> Answer:
        if given["callback_query_id"] not in self._open_queries:
            raise RefusedError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        return True

    def _writable(self, given: Given) -> Chat:
        number = int(given["chat_id"])
        if number not in self.chats:
            raise RefusedError(400, "Bad Request: chat not found")
        chat = self.chats[number]
        if chat.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        if chat.moved_to is not None:
            raise RefusedError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.moved_to,
            )
        if (left := chat.flooded_until - time.monotonic()) > 0:
            seconds = int(left) + 1
            raise RefusedError(
                429, f"Too Many Requests: retry after {seconds}", retry_after=seconds
            )
        return chat

    def _find(self, chat: int, message_id: int) -> dict[str, Any]:
        for message in self.chats[chat].messages:
            if message["message_id"] == message_id:
                return message
        raise RefusedError(400, "Bad Request: message to edit not found")

    def _message(self, chat: int, text: str | None, *, is_bot: bool, **more: Any) -> dict[str, Any]:
        sender = {"id": 1, "is_bot": True, "first_name": "Bot"} if is_bot else _person(chat)
        message = {
            "message_id": next(self.numbers),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private"},
            "from": sender,
            **more,
        }
        return message if text is None else {**message, "text": text}

    def _tell(self, update: dict[str, Any]) -> int:
        number = next(self.numbers)
        self.updates.append({"update_id": number, **update})
        self._news.set()
        return number

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _chat(self, request: web.Request) -> web.Response:
        return web.json_response(self.chats[int(request.match_info["chat"])].messages)

    async def _written(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response(self.say(int(request.match_info["chat"]), str(body["text"])))

    async def _pressed(self, request: web.Request) -> web.Response:
        body, chat = await request.json(), int(request.match_info["chat"])
        return web.json_response(self.press_data(chat, int(body["message_id"]), str(body["data"])))


def _value(text: str) -> Any:
    return json.loads(text) if text[:1] in {"{", "["} else text


def _me(_given: Given) -> Answer:
    return {"id": 1, "is_bot": True, "first_name": "Bot", "username": "a_bot"}


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": "en"}


def _text(given: Given) -> str:
    text = str(given.get("text", ""))
    if not text.strip():
        raise RefusedError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise RefusedError(400, "Bad Request: message is too long")
    return text


def _markup(given: Given) -> dict[str, Any]:
    if "reply_markup" not in given:
        return {}
    for data in buttons(given).values():
        if not 0 < len(data.encode()) <= LONGEST_DATA:
            raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
    return {"reply_markup": given["reply_markup"]}

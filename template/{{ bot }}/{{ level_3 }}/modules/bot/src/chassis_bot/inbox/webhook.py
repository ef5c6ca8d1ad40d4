import datetime as dt
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.methods import GetWebhookInfo, SetWebhook
from aiogram.types import WebhookInfo

from chassis.bot_webhook.telling import WEBHOOK, check_secret
from chassis_bot.asking import called
from chassis_bot.source import NoUpdates

logger = logging.getLogger(__name__)

NO_ADDRESS = (
    "BOT_WEBHOOK_URL must be where Telegram reaches the API, such as https://api.example.com"
)
NO_SECRET = "BOT_WEBHOOK_URL needs BOT_WEBHOOK_SECRET, by which the API knows Telegram"  # noqa: S105

_RECENT = dt.timedelta(minutes=2)


def address_of(url: str, secret: str) -> str:
    """Give the address of the webhook, or none; raises ValueError for what is only half given."""
    check_secret(secret)
    if not url:
        return ""
    if not _is_public(url):
        raise ValueError(NO_ADDRESS)
    if not secret:
        raise ValueError(NO_SECRET)
    return f"{url.rstrip('/').removesuffix(WEBHOOK)}{WEBHOOK}"


def _is_public(url: str) -> bool:
    try:
        parts = urlsplit(url)
        more = parts.username or parts.query or parts.fragment
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and not more
    except ValueError:  # a port that is none
        return False


class Webhook:
    """Where Telegram sends updates to."""

    def __init__(self, bot: Bot, address: str, secret: str, connections: int) -> None:
        self._bot = bot
        self._address = address
        self._secret = secret
        self._connections = connections
        self._kinds: list[str] = []

    async def set(self, kinds: Sequence[str]) -> None:
        """Have Telegram send updates there; raises NoUpdates, and NoTokenError."""
        self._kinds = list(kinds)
        await called(
            self._bot,
            SetWebhook(
                url=self._address,
                secret_token=self._secret,
                max_connections=self._connections,
                allowed_updates=self._kinds,
                drop_pending_updates=False,
            ),
        )

    async def trouble(self) -> str:
        """Say what keeps Telegram from sending; where somebody has changed the address, it is set again."""
        try:
            known = await called(self._bot, GetWebhookInfo())
            if known.url != self._address:
                logger.warning("Updates went elsewhere: the webhook is set again")
                await self.set(self._kinds)
        except NoUpdates as reason:
            return str(reason)
        return f"Telegram cannot send: {known.last_error_message}" if _fails(known) else ""


def _fails(known: WebhookInfo) -> bool:
    """Tell whether updates wait at Telegram that it has tried to send."""
    failed = known.last_error_date
    if not known.pending_update_count or failed is None:
        return False
    return dt.datetime.now(dt.UTC) - failed < _RECENT

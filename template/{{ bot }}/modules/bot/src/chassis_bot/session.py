"""Calls to the Bot API, whose errors do not tell the token: it is in every address."""

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError, TelegramServerError
from aiogram.methods import TelegramMethod

from chassis_bot.floods import FloodControl
from chassis_bot.settings import Settings

NO_JSON = "answers what is no answer of a Bot API"


class Session(AiohttpSession):
    """As aiogram's, but for what an error says, and what led to it."""

    async def make_request[T](
        self,
        bot: Bot,
        method: TelegramMethod[T],
        timeout: int | None = None,  # noqa: ASYNC109  # as aiogram has it
    ) -> T:
        """Make one call; what is raised names no address."""
        failure: Exception
        try:
            return await super().make_request(bot, method, timeout)
        except TelegramNetworkError as error:
            failure = TelegramNetworkError(method, type(error.__cause__).__name__)
        except ClientDecodeError:
            failure = TelegramServerError(method, NO_JSON)
        raise failure  # here, so that it has no cause and no context


def make_bot(settings: Settings) -> Bot:
    """Give what calls are made with; raises NoTokenError."""
    server = TelegramAPIServer.from_base(settings.server())
    session = Session(api=server, timeout=settings.bot_poll_time)
    session.middleware(FloodControl(settings.bot_flood_patience))
    return Bot(settings.token(), session=session)

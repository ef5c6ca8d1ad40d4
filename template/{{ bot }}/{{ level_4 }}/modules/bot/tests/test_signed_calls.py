"""What the bot sends to the business API says who it is; what it sends to others does not."""

from types import SimpleNamespace
from typing import Any

import pytest

from chassis.http_client import Reply, Request
from chassis.identity.service_tokens import ServiceTokens
from chassis.identity.signed_calls import SignedCalls
from chassis_bot import signed
from chassis_bot.settings import Settings


async def _answer(request: Request) -> Reply:
    return Reply(200, str(request.headers).encode())


@pytest.mark.parametrize(
    ("url", "signs"), [("http://api/v1", True), ("http://elsewhere/v1", False)]
)
async def test_the_business_api_is_told_who_asks(
    url: str,
    signs: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    calls = SignedCalls(ServiceTokens("k" * 32, 5), "bot")
    bot: Any = SimpleNamespace(state=SimpleNamespace(signed_calls=calls))

    signed.install(bot, Settings(api_url="http://api"))

    reply = await calls(Request("GET", url, None, None), _answer)
    assert (b"Authorization" in reply.body) == signs

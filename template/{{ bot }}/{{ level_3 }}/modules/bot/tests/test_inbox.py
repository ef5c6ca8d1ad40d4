"""The bot takes updates from the inbox: each once, one process at a time, and whatever is left there first."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from aiogram.types import Update
from aiohttp import web
from pydantic import SecretStr

from chassis.bot_webhook.telling import MOST, PATH, SECRET_HEADER, WEBHOOK
from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.inbox import left, taking, turn
from chassis_bot.inbox.webhook import address_of
from chassis_bot.records import Collection
from chassis_bot.source import NoUpdates
from chassis_bot.testing.business_api import at_a_port
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram, running, until

if TYPE_CHECKING:
    from fakeredis import FakeServer

PUBLIC = "https://garden.example"
SECRET = "Telegram_knows-it"  # noqa: S105


class Webhook:
    """The webhook and the data service behind it."""

    def __init__(self) -> None:
        self.url = ""
        self.kept: dict[int, str | None] = {}
        """Updates by their numbers; None is one that is done."""
        self.away = False

    @property
    def waiting(self) -> list[int]:
        """The numbers of those that wait."""
        return sorted(number for number, body in self.kept.items() if body is not None)

    def application(self) -> web.Application:
        """Give what serves both."""
        application = web.Application()
        application.add_routes(
            [
                web.post(WEBHOOK, self._told),
                web.get(f"{PATH}/waiting", self._waiting),
                web.put(f"{PATH}/done", self._end),
            ]
        )
        return application

    async def _told(self, request: web.Request) -> web.Response:
        if self.away:
            return web.Response(status=503)
        assert request.headers[SECRET_HEADER] == SECRET
        body = await request.text()
        self.kept.setdefault(json.loads(body)["update_id"], body)
        return web.Response(status=204)

    async def _waiting(self, request: web.Request) -> web.Response:
        if self.away:
            return web.json_response({"detail": "Not now."}, status=503)
        after = int(request.query["after"])
        some = [number for number in self.waiting if number > after][:MOST]
        return web.json_response([{"update_id": n, "body": self.kept[n]} for n in some])

    async def _end(self, request: web.Request) -> web.Response:
        if self.away:
            return web.json_response({"detail": "Not now."}, status=503)
        self.kept |= dict.fromkeys((await request.json())["update_ids"])
        return web.Response(status=204)


@pytest.fixture
async def webhook(telegram: ServedTelegram) -> AsyncIterator[Webhook]:
    served = Webhook()
    async with at_a_port(served.application()) as served.url:
        telegram.ways["garden.example"] = served.url
        yield served


@pytest.fixture
def own(webhook: Webhook, settings: BotSettings) -> BotSettings:
    """What a bot with a webhook is told."""
    changes: dict[str, Any] = {
        "data_api_url": webhook.url,
        "bot_webhook_url": PUBLIC,
        "bot_webhook_secret": SecretStr(SECRET),
        "bot_inbox_lease": 0.5,
        "bot_page_size": 8,
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def asking(own: BotSettings, memory_redis: object, beds: Collection) -> ChatBot:
    """A bot that has no webhook any more."""
    return built(own.model_copy(update={"bot_webhook_url": ""}), beds)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing wait for long."""
    monkeypatch.setattr(taking, "BELL_S", 0.01)
    monkeypatch.setattr(taking, "_PAUSE_S", 0.01)


@pytest.fixture
def bot(own: BotSettings, memory_redis: object, beds: Collection) -> ChatBot:
    return built(own, beds)


def built(settings: BotSettings, beds: Collection) -> ChatBot:
    return build_bot("garden_bot", Script([beds]), settings)


def heard_by(bot: ChatBot) -> list[str]:
    """Have the bot do nothing but take note of what it handles."""
    heard: list[str] = []

    async def feed(update: Update) -> None:
        assert update.message
        heard.append(str(update.message.text))

    bot.handling.feed = feed
    return heard


class Gate:
    """Handles updates, and holds those that are slow."""

    def __init__(self, bot: ChatBot) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.open = asyncio.Event()
        bot.handling.feed = self.feed

    async def feed(self, update: Update) -> None:
        assert update.message
        text = str(update.message.text)
        self.begun.append(text)
        if text == "slow":
            await self.open.wait()
        self.done.append(text)


async def answered(telegram: ServedTelegram, text: str) -> str:
    """Write something; give what the bot says to it."""
    said = len(telegram.chats[CHAT].texts)
    telegram.say(CHAT, text)
    await until(lambda: len(telegram.chats[CHAT].texts) > said)
    return telegram.chats[CHAT].texts[-1]


async def test_a_bot_with_a_webhook_answers_and_what_is_done_is_marked(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    async with running(bot):
        assert "/beds" in await answered(telegram, "/help")
        await until(lambda: webhook.kept != {} and not webhook.waiting)
        assert bot.polling.trouble == ""

    (asked,) = [given for method, given in telegram.calls if method == "setWebhook"]
    assert asked["url"] == f"{PUBLIC}{WEBHOOK}"
    assert asked["secret_token"] == SECRET
    assert "message" in asked["allowed_updates"]
    assert "drop_pending_updates" not in asked or asked["drop_pending_updates"] == "false"


async def test_a_dialogue_goes_through_the_webhook(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, business_api: Any
) -> None:
    async with running(bot):
        await answered(telegram, "/new_bed")
        await answered(telegram, "roses")
        telegram.press(CHAT, "Leave out")
        await until(lambda: "Create" in telegram.chats[CHAT].buttons)
        telegram.press(CHAT, "Create")
        await until(lambda: bool(business_api.created("/api/v1/beds")))


async def test_an_update_that_comes_again_acts_once(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    heard = heard_by(bot)
    async with running(bot):
        telegram.say(CHAT, "one")
        (told,) = telegram.updates
        await until(lambda: bool(webhook.kept) and not webhook.waiting)
        telegram.updates.append(told)
        telegram.say(CHAT, "two")
        await until(lambda: len(webhook.kept) == 2 and not webhook.waiting)

    assert heard == ["one", "two"]


async def test_what_is_there_is_handled_in_order_and_what_comes_late_all_the_same(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    heard = heard_by(bot)
    first, second, third = (telegram.say(CHAT, text) for text in ("one", "two", "three"))
    taken = {one["update_id"]: json.dumps(one) for one in telegram.updates}
    telegram.updates.clear()
    webhook.kept = {third: taken[third], second: taken[second]}
    async with running(bot):
        await until(lambda: len(heard) == 2)
        webhook.kept[first] = taken[first]
        await until(lambda: len(heard) == 3 and not webhook.waiting)

    assert heard == ["two", "three", "one"]


async def test_what_is_none_that_is_known_ends(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    heard = heard_by(bot)
    webhook.kept = {1001: "{", 1002: '{"update_id": 1002, "message": 7}', 1003: "null"}
    async with running(bot):
        telegram.say(CHAT, "a word")
        await until(lambda: heard == ["a word"] and not webhook.waiting)

    assert caplog.text.count("none that is known here") == 3


async def test_what_is_done_while_others_are_asked_for_is_not_taken_twice(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One ends between the moment when the inbox is read and the moment when its answer comes."""
    heard, gate, asked = list[str](), asyncio.Event(), asyncio.Event()
    inbox = bot.polling.source
    assert isinstance(inbox, taking.Inbox)
    waiting = inbox._kept.waiting

    async def slowly(after: int) -> Any:
        found = await waiting(after)
        if heard and not gate.is_set():
            gate.set()
            await asyncio.sleep(0.05)
            asked.set()
        return found

    async def feed(update: Update) -> None:
        heard.append(str(update.update_id))
        await gate.wait()

    monkeypatch.setattr(inbox._kept, "waiting", slowly)
    bot.handling.feed = feed
    async with running(bot):
        telegram.say(CHAT, "one")
        await until(asked.is_set)
        await until(lambda: not webhook.waiting)

    assert len(heard) == 1


async def test_what_is_in_hand_is_finished_and_marked_when_the_bot_stops(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def feed(_update: Update) -> None:
        begun.set()
        await finish.wait()

    bot.handling.feed = feed
    async with running(bot):
        telegram.say(CHAT, "slow")
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, finish.set)

    assert webhook.kept
    assert not webhook.waiting


async def test_a_few_chats_that_take_long_hide_no_other(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    gate = Gate(bot)
    for chat in range(100, 105):
        for _ in range(MOST // 5):
            telegram.say(chat, "slow")
    async with running(bot):
        await until(lambda: len(webhook.waiting) == MOST)
        telegram.say(CHAT, "quick")
        await until(lambda: "quick" in gate.done)
        gate.open.set()


async def test_a_process_takes_only_so_many_at_once(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_IN_HAND", 2)
    gate = Gate(bot)
    for chat in (100, 101):
        telegram.say(chat, "slow")
    async with running(bot):
        await until(lambda: len(gate.begun) == 2)
        telegram.say(CHAT, "quick")
        await until(lambda: len(webhook.waiting) == 3)
        await asyncio.sleep(0.05)
        assert "quick" not in gate.begun
        gate.open.set()
        await until(lambda: "quick" in gate.done)


async def test_an_outage_of_the_data_service_or_of_redis_is_waited_for(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, memory_redis: "FakeServer"
) -> None:
    heard = heard_by(bot)
    async with running(bot):
        telegram.say(CHAT, "one")
        await until(lambda: heard == ["one"])
        webhook.away = True
        telegram.say(CHAT, "two")
        await until(lambda: bot.polling.trouble.startswith("the inbox is away"))
        assert telegram.sent[-1][1] == 503
        memory_redis.connected = False
        webhook.away = False
        await until(lambda: bot.polling.trouble.startswith("Redis is away"))
        memory_redis.connected = True
        await until(lambda: not webhook.waiting and not telegram.updates)

    assert heard == ["one", "two"]


async def test_one_process_at_a_time_and_another_one_when_it_has_gone(
    bot: ChatBot, own: BotSettings, beds: Collection, telegram: ServedTelegram, webhook: Webhook
) -> None:
    other = built(own.model_copy(update={"bot_inbox_lease": 0.1}), beds)
    first, second = heard_by(bot), heard_by(other)
    async with running(bot):
        telegram.say(CHAT, "one")
        await until(lambda: first == ["one"])
        async with running(other):
            await until(lambda: other.polling.trouble == turn.TWO)
            telegram.say(CHAT, "two")
            await until(lambda: first == ["one", "two"])
            assert second == []
    async with running(other):  # a lease was given back
        telegram.say(CHAT, "three")
        await until(lambda: second == ["three"])


async def test_a_process_that_finishes_its_work_has_its_turn_until_then(
    bot: ChatBot, own: BotSettings, beds: Collection, telegram: ServedTelegram, webhook: Webhook
) -> None:
    soon = {"bot_inbox_lease": 0.1, "bot_stop_timeout": 2}
    bot = built(own.model_copy(update=soon), beds)
    other = built(own.model_copy(update=soon), beds)
    gate, second = Gate(bot), heard_by(other)
    async with AsyncExitStack() as others, AsyncExitStack() as first:
        await first.enter_async_context(running(bot))
        telegram.say(CHAT, "slow")
        await until(lambda: gate.begun == ["slow"])
        await others.enter_async_context(running(other))
        asyncio.get_running_loop().call_later(0.4, gate.open.set)
        await first.aclose()
        assert gate.done == ["slow"]
        telegram.say(CHAT, "next")
        await until(lambda: second == ["next"])


async def test_who_dies_loses_its_turn(memory_redis: object, bot: ChatBot) -> None:
    dead = turn.Turn(bot.state.redis, "garden", 0.05)
    await dead.take()
    await dead.take()
    assert dead._keeping
    dead._keeping.cancel()
    heir = turn.Turn(bot.state.redis, "garden", 0.05)
    with pytest.raises(NoUpdates, match="another process"):
        await heir.take()

    await asyncio.sleep(0.06)

    await heir.take()
    await dead.give_back()
    with pytest.raises(NoUpdates, match="another process"):
        await dead.take()


async def test_what_a_webhook_has_left_is_handled_before_others_are_asked_for(
    asking: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    number = telegram.say(CHAT, "before")
    webhook.kept = {number + 100: json.dumps({**telegram.updates.pop(), "update_id": number + 100})}
    telegram.say(CHAT, "after")
    heard = heard_by(asking)
    async with running(asking):
        await until(lambda: heard == ["before", "after"])
        await until(lambda: not webhook.waiting and not telegram.updates)
        assert telegram.webhook == ""

    assert heard == ["before", "after"]


async def test_what_another_process_leaves_is_handled_before_others_are_asked_for(
    asking: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    old = turn.Turn(asking.state.redis, asking.state.settings.redis_namespace, 0.1)
    await old.take()
    number = telegram.say(CHAT, "before")
    webhook.kept = {number: json.dumps(telegram.updates.pop())}
    telegram.say(CHAT, "after")
    heard = heard_by(asking)
    async with running(asking):
        await until(lambda: asking.polling.trouble == turn.TWO)
        assert heard == []
        await old.give_back()
        await until(lambda: len(heard) == 2)

    assert heard == ["before", "after"]


async def test_what_a_webhook_that_came_back_has_left_is_handled_at_once(
    asking: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    heard = heard_by(asking)
    async with running(asking):
        await telegram.confirmed(telegram.say(CHAT, "one"))
        number = telegram.say(CHAT, "two")
        webhook.kept = {number: json.dumps(telegram.updates.pop())}
        telegram.ways["x"] = "http://127.0.0.1:1"
        telegram._set_webhook({"url": "https://x"})
        telegram.say(CHAT, "three")
        await until(lambda: sorted(heard) == ["one", "three", "two"])


async def test_a_bot_that_asks_leaves_the_inbox_to_others(
    asking: ChatBot, telegram: ServedTelegram, webhook: Webhook
) -> None:
    async with running(asking):
        await telegram.confirmed(telegram.say(CHAT, "/help"))
        await turn.Turn(asking.state.redis, asking.state.settings.redis_namespace, 1).take()


async def test_what_was_asked_for_is_confirmed_while_something_of_the_inbox_is_in_hand(
    asking: ChatBot,
    telegram: ServedTelegram,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(left, "AGAIN_S", 0)
    asking.state.settings.bot_stop_timeout = 0.01
    begun = asyncio.Event()
    late = telegram.say(CHAT, "late")
    kept: dict[int, str | None] = {late: json.dumps(telegram.updates.pop())}

    async def feed(update: Update) -> None:
        if update.update_id == late:
            begun.set()
            await asyncio.Event().wait()
        webhook.kept = kept

    asking.handling.feed = feed
    async with running(asking):
        telegram.say(CHAT, "in time")
        await begun.wait()

    assert telegram.updates == []
    assert webhook.waiting == [late]


async def test_a_bot_asks_on_while_the_inbox_is_away(
    asking: ChatBot, telegram: ServedTelegram, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.away = True
    async with running(asking):
        assert "/beds" in await Chatting(telegram).say("/help")
        assert asking.polling.trouble == ""

    assert "What the webhook has left is handled later" in caplog.text


async def test_a_webhook_that_was_taken_away_is_set_again(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHECK_S", 0.05)
    async with running(bot):
        await answered(telegram, "/help")
        telegram.end_webhook()
        await until(lambda: telegram.webhook != "")
        await answered(telegram, "/help")


async def test_a_webhook_is_set_again_while_something_is_in_hand(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHECK_S", 0.05)
    gate = Gate(bot)
    async with running(bot):
        telegram.say(CHAT, "slow")
        await until(lambda: gate.begun == ["slow"])
        telegram.end_webhook()
        await until(lambda: telegram.webhook != "")
        gate.open.set()


async def test_updates_are_taken_while_telegram_does_not_answer(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = bot.polling.source
    assert isinstance(inbox, taking.Inbox)
    monkeypatch.setattr(taking, "CHECK_S", 0.05)
    monkeypatch.setattr(inbox._webhook, "trouble", asyncio.Event().wait)
    heard = heard_by(bot)
    async with running(bot):
        await until(lambda: bot.polling.trouble == taking.SLOW)
        telegram.say(CHAT, "one")
        await until(lambda: heard == ["one"])


async def test_that_telegram_cannot_send_is_told(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "CHECK_S", 0.05)
    way = telegram.ways["garden.example"]
    async with running(bot):
        await until(lambda: telegram.webhook != "")
        telegram.ways["garden.example"] = "http://127.0.0.1:1"
        telegram.say(CHAT, "/help")
        await until(lambda: bot.polling.trouble.startswith("Telegram cannot send"))
        telegram.ways["garden.example"] = way
        await until(lambda: not telegram.updates and bot.polling.trouble == "")


async def test_a_webhook_that_telegram_refuses_is_told(
    bot: ChatBot, telegram: ServedTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = bot.polling.source
    assert isinstance(inbox, taking.Inbox)
    monkeypatch.setattr(inbox._webhook, "_address", "http://garden.example")
    async with running(bot):
        await until(lambda: "An HTTPS URL must be provided" in bot.polling.trouble)


async def test_the_secret_is_told_nowhere(
    bot: ChatBot, telegram: ServedTelegram, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    webhook.away = True
    async with running(bot):
        telegram.say(CHAT, "/help")
        await until(lambda: "the inbox is away" in caplog.text)

    assert SECRET not in caplog.text
    assert SECRET not in repr(bot.state.settings)
    assert telegram.token not in caplog.text


@pytest.mark.parametrize(
    ("url", "secret", "told"),
    [
        ("http://garden.example", SECRET, "BOT_WEBHOOK_URL must be"),
        ("garden.example", SECRET, "BOT_WEBHOOK_URL must be"),
        ("https://", SECRET, "BOT_WEBHOOK_URL must be"),
        ("https://garden.example:99999", SECRET, "BOT_WEBHOOK_URL must be"),
        ("https://ann@garden.example", SECRET, "BOT_WEBHOOK_URL must be"),
        ("https://garden.example?x=1", SECRET, "BOT_WEBHOOK_URL must be"),
        (PUBLIC, "", "BOT_WEBHOOK_URL needs BOT_WEBHOOK_SECRET"),
        (PUBLIC, "a b", "BOT_WEBHOOK_SECRET must be"),
        ("", "a b", "BOT_WEBHOOK_SECRET must be"),
    ],
)
def test_settings_that_are_half_given_are_told_in_a_line(
    url: str, secret: str, told: str, memory_redis: object
) -> None:
    settings = BotSettings(
        bot_token=SecretStr("12:ab"), bot_webhook_url=url, bot_webhook_secret=SecretStr(secret)
    )
    with pytest.raises(SystemExit, match=told) as ended:
        build_bot("garden_bot", Script(), settings)

    assert "\n" not in str(ended.value.code)


@pytest.mark.parametrize("url", [PUBLIC, f"{PUBLIC}/", f"{PUBLIC}{WEBHOOK}"])
def test_an_address_may_have_the_path_or_not(url: str) -> None:
    assert address_of(url, SECRET) == f"{PUBLIC}{WEBHOOK}"
    assert address_of("", SECRET) == ""

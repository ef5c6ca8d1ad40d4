"""What every bot answers, in the language of whoever asks."""

from pydantic import BaseModel

from chassis_bot.bot import ChatBot
from chassis_bot.records import Collection
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram
from chassis_bot.texts import Texts, chosen


async def test_a_bot_says_what_it_does(chat: Chatting) -> None:
    assert (await chat.say("/start")).startswith("Hello! This bot shows")
    told = await chat.say("/help")
    assert told.splitlines() == [
        "What I understand:",
        "/help this list",
        "/cancel end a dialogue",
        "/beds list of beds",
        "/new_bed new bed",
        "/plants list of plants",
        "/new_plant new plant",
    ]


async def test_anything_else_is_not_understood(chat: Chatting) -> None:
    assert await chat.say("how are you?") == "I do not understand that. /help says what I do."
    assert await chat.say(None, sticker=None) == "I do not understand that. /help says what I do."


async def test_telegram_knows_the_commands(chat: Chatting, telegram: ServedTelegram) -> None:
    await chat.say("/help")

    menus = [given for method, given in telegram.calls if method == "setMyCommands"]
    assert [menu.get("language_code") for menu in menus] == [None, "de"]
    assert menus[0]["commands"][2] == {"command": "beds", "description": "list of beds"}
    assert menus[1]["commands"][2] == {"command": "beds", "description": "list of Beete"}


async def test_somebody_is_answered_in_their_language(
    chat: Chatting, telegram: ServedTelegram
) -> None:
    german = {"id": CHAT, "is_bot": False, "first_name": "Ada", "language_code": "de-AT"}
    telegram.chats[CHAT].messages.clear()
    await telegram.confirmed(telegram.say(CHAT, "/start", **{"from": german}))

    assert chat.texts[-1].startswith("Hallo!")


def test_without_any_texts_there_are_english_ones() -> None:
    assert chosen({}, None) == Texts()


def test_long_names_fit_into_buttons_and_commands(bot: ChatBot) -> None:
    name = "a_very_long_name_of_an_entity_indeed"
    of = Collection(name=name, plural=f"{name}s", path="/", new=BaseModel)

    assert len(of.key) == 20
    assert len(of.list_command) == len(of.create_command) == 32
    assert of.list_command != of.create_command
    assert of.labelled({"id": 7}) == "7"
    blank = Collection(name="a", plural="b", path="/c", new=BaseModel, label=["name", "number"])
    assert blank.labelled({"id": 7, "name": " \u3000", "number": None}) == "7"
    assert blank.labelled({"id": 7, "name": " a\n b", "number": 0}) == "a b, 0"

"""Lists and single records in a chat."""

from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram

BED = "/api/v1/beds"


async def test_the_pages_of_a_list_are_turned(chat: Chatting, business_api: BusinessApi) -> None:
    for name in ("roses", "beans", "mint"):
        business_api.keep(BED, name=name)

    assert await chat.say("/beds") == "Beds, page 1"
    assert chat.buttons == ["mint", "beans", "Next »"]
    assert await chat.press("Next »") == "Beds, page 2"
    assert chat.buttons == ["roses", "« Back"]
    assert await chat.press("« Back") == "Beds, page 1"
    assert chat.buttons == ["mint", "beans", "Next »"]


async def test_a_record_is_shown_with_all_that_it_has(
    chat: Chatting, business_api: BusinessApi
) -> None:
    bed = business_api.keep(BED, name="roses", covered=None, soil="sand")
    await chat.say("/beds")

    told = await chat.press("roses")

    assert told == f"Bed: roses\n\nid: {bed['id']}\nname: roses\nsoil: sand"


async def test_a_record_that_is_gone_is_told(chat: Chatting, business_api: BusinessApi) -> None:
    business_api.keep(BED, name="roses")
    await chat.say("/beds")
    business_api.records.clear()

    assert await chat.press("roses") == "This does not exist any more."
    assert await chat.say("/beds") == "There are no beds yet."


async def test_what_telegram_would_refuse_is_cut(chat: Chatting, business_api: BusinessApi) -> None:
    business_api.keep(BED, name="\N{SUNFLOWER}" * 5000)
    await chat.say("/beds")

    told = await chat.press(chat.buttons[0])

    assert told.endswith("\N{SUNFLOWER}…")


async def test_a_button_of_a_list_that_is_forgotten_says_so(
    chat: Chatting, telegram: ServedTelegram
) -> None:
    await chat.say("/beds")
    message = telegram.chats[CHAT].messages[-1]["message_id"]
    for data in ("page:beds:4", "page:trees:1", f"show:trees:{'0' * 32}"):
        await telegram.confirmed(telegram.press_data(CHAT, message, data))

    assert chat.texts[-3:] == ["This list is too old. Ask for it again."] * 3


async def test_a_page_that_is_turned_to_twice_stays(
    chat: Chatting, business_api: BusinessApi, telegram: ServedTelegram
) -> None:
    business_api.keep(BED, name="roses")
    await chat.say("/beds")
    message = telegram.chats[CHAT].messages[-1]["message_id"]
    await telegram.confirmed(telegram.press_data(CHAT, message, "page:beds:0"))

    assert chat.texts == ["Beds, page 1"]

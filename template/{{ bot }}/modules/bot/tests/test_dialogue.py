"""The dialogue that creates a record, from the chat to the business API."""

from typing import Any

import pytest

from chassis_bot.dialogue import Draft
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import CHAT, Chatting, ServedTelegram

BED = "/api/v1/beds"
PLANT = "/api/v1/plants"


async def test_a_field_of_every_type_is_asked_for_and_created(
    chat: Chatting, business_api: BusinessApi, plant: dict[str, Any]
) -> None:
    summary = await chat.fill_in("/new_plant", plant)
    assert summary.startswith("New plant:\n\nbed id: 6f1d")
    assert "label" not in summary

    told = await chat.press("Create")

    wanted = {name: value for name, value in plant.items() if value is not None}
    assert business_api.created(PLANT) == [wanted]
    assert told.startswith("The plant is created.\n\nPlant: tall_tree, 12.50\n")


async def test_what_a_field_does_not_take_is_asked_for_again(chat: Chatting) -> None:
    asked = await chat.say("/new_bed")

    told = await chat.say("x" * 21)

    assert told == f"Name should have at most 20 characters.\n{asked}"


async def test_a_record_is_chosen_from_a_list(chat: Chatting, business_api: BusinessApi) -> None:
    for name in ("roses", "beans", "mint"):
        business_api.keep(BED, name=name)
    await chat.say("/new_plant")
    assert chat.buttons == ["mint", "beans", "Next »"]
    await chat.press("Next »")
    assert chat.buttons == ["roses", "« Back"]

    told = await chat.press("roses")

    assert told.startswith("Kind?")


async def test_without_anything_to_choose_from_it_says_what_makes_one(chat: Chatting) -> None:
    told = await chat.say("/new_plant")

    assert told.endswith("There are no beds to choose from: /new_bed makes one.")


async def test_a_dialogue_is_cancelled_at_any_step(
    chat: Chatting, business_api: BusinessApi
) -> None:
    await chat.say("/new_bed")
    assert await chat.say("/cancel") == "Cancelled. Nothing was created."
    assert await chat.say("/cancel") == "There is nothing to cancel."
    await chat.fill_in("/new_bed", {"name": "roses", "covered": None})

    assert await chat.press("Cancel") == "Cancelled. Nothing was created."

    assert await chat.press("Create") == "This button is of another dialogue."
    assert not business_api.created(BED)


async def test_what_the_api_refuses_is_asked_for_again(
    chat: Chatting, business_api: BusinessApi
) -> None:
    problem = {"detail": "It is there.", "errors": [{"field": "name", "detail": "is taken"}]}
    business_api.refusals.append((409, problem))
    await chat.fill_in("/new_bed", {"name": "roses", "covered": True})

    told = await chat.press("Create")

    assert told == "That cannot be: name: is taken\nName?"
    await chat.say("beans")
    await chat.press("Create")
    assert business_api.created(BED) == [{"name": "beans", "covered": True}]


async def test_a_refusal_of_no_field_is_told(chat: Chatting, business_api: BusinessApi) -> None:
    business_api.refusals.append((409, {"detail": "Three are enough."}))
    await chat.fill_in("/new_bed", {"name": "roses", "covered": None})

    assert (await chat.press("Create")).startswith("That cannot be: Three are enough.")


async def test_an_api_that_is_away_is_told(chat: Chatting, business_api: BusinessApi) -> None:
    business_api.refusals += [(503, {"detail": "Not now."})] * 3
    await chat.fill_in("/new_bed", {"name": "roses", "covered": None})

    assert "nothing was done" in await chat.press("Create")

    await chat.press("Create")
    assert len(business_api.created(BED)) == 1


async def test_what_the_api_does_not_allow_is_told_and_not_tried_again(
    chat: Chatting, business_api: BusinessApi
) -> None:
    business_api.refusals += [(403, {"detail": "No."})] * 2
    await chat.fill_in("/new_bed", {"name": "roses", "covered": None})

    assert await chat.press("Create") == "You may not do that."
    assert len(business_api.refusals) == 1


async def test_an_outcome_that_nobody_knows_is_told_so(
    chat: Chatting, business_api: BusinessApi
) -> None:
    business_api.refusals += [(500, {"detail": "Oh."})] * 3
    await chat.fill_in("/new_bed", {"name": "roses", "covered": None})

    assert (await chat.press("Create")).startswith("It is not known")


async def test_an_attempt_that_is_still_worked_on_is_waited_for(
    chat: Chatting, business_api: BusinessApi
) -> None:
    busy = "The first request with this Idempotency-Key is still being worked on."
    business_api.refusals.append((409, {"detail": busy}))
    await chat.fill_in("/new_bed", {"name": "roses", "covered": None})

    assert (await chat.press("Create")).startswith("The bed is created.")


async def test_an_update_that_comes_again_acts_once(
    chat: Chatting, business_api: BusinessApi, telegram: ServedTelegram
) -> None:
    seen = list[dict[str, Any]]()
    for text in ("/new_bed", "roses"):
        telegram.say(CHAT, text)
        seen += telegram.updates
        await telegram.confirmed(seen[-1]["update_id"])
    telegram.updates += seen  # as after a process that died before it confirmed
    await chat.say("/help")
    assert chat.buttons == []

    telegram.press(CHAT, "Leave out")
    seen = list(telegram.updates)
    await telegram.confirmed(seen[-1]["update_id"])
    telegram.press(CHAT, "Create")
    seen += telegram.updates
    await telegram.confirmed(seen[-1]["update_id"])

    assert business_api.created(BED) == [{"name": "roses"}]


async def test_a_button_that_this_bot_never_made_does_nothing(
    chat: Chatting, business_api: BusinessApi, telegram: ServedTelegram
) -> None:
    business_api.keep(BED, name="roses")

    async def press(data: str) -> str:
        said = len(chat.texts)
        message = max(one["message_id"] for one in telegram.chats[CHAT].messages)
        await telegram.confirmed(telegram.press_data(CHAT, message, data))
        return "".join(chat.texts[said:])

    await chat.say("/new_bed")  # asks for a text
    old = "This button is of another dialogue."
    assert [await press(f"choose:0:{value}") for value in ("", "0", "zz")] == [old] * 3
    await chat.say("/new_plant")  # asks for one of the beds
    assert [await press(f"choose:0:{value}") for value in ("", "0", "zz")] == [old] * 3
    for data in ("turn:0:-1", "page:beds:-1", "page:beds:x", "show:beds:7", "nothing", "a:" * 32):
        assert not await press(data), data
    assert (await chat.press("roses")).startswith("Kind?")
    assert [await press(f"choose:1:{value}") for value in ("2", "-1", "\u0660")] == [old] * 3


class Kept:
    """What the storage has of a dialogue, and the talk that it belongs to."""

    def __init__(self, draft: Any) -> None:
        self.state = self
        self._draft = draft

    async def get_data(self) -> dict[str, Any]:
        return {"draft": self._draft}


@pytest.mark.parametrize(
    ("kept", "known"),
    [
        ({"of": "beds", "answers": {"name": "a"}, "seen": 7}, Draft("beds", {"name": "a"}, 7)),
        ({"of": "beds", "answers": {}, "seen": 7, "later": 1}, Draft("beds", {}, 7)),
        ({"of": "beds"}, Draft("beds")),
        ({"later": 1}, None),
        ({}, None),
        (None, None),
    ],
)
async def test_what_another_version_kept_is_read(kept: Any, known: Draft | None) -> None:
    talk: Any = Kept(kept)

    assert await Draft.load(talk) == known

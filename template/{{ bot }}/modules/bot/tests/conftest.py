"""A bot of a garden: beds, and plants that grow in them."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, EmailStr, Field

from chassis.schemas import Exact, Schema, Url
from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.records import Collection
from chassis_bot.testing.business_api import BusinessApi
from chassis_bot.testing.chatting import ServedTelegram
from chassis_bot.texts import Texts


class BedCreate(Schema):
    name: Annotated[str, Field(min_length=1, max_length=20), Exact()]
    covered: Annotated[bool, Exact()] | None = None


class PlantCreate(Schema):
    """A field of every type."""

    bed_id: Annotated[UUID, Exact()]
    kind: Literal["herb", "tall_tree"] = "herb"
    height: Annotated[Decimal, Field(max_digits=6, decimal_places=2, ge=Decimal("0.50")), Exact()]
    leaves: Annotated[int, Field(ge=1, le=9), Exact()]
    edible: Annotated[bool, Exact()]
    sown: Annotated[dt.date, Exact()]
    watered_at: Annotated[AwareDatetime, Exact()]
    label: Annotated[UUID, Exact()] | None = None
    grower: Annotated[EmailStr, Exact()]
    page: Url
    notes: Annotated[str, Field(max_length=100), Exact(lines=True)] | None = None
    care: Annotated[dict[str, Any], Exact()]


BEDS = Collection(name="bed", plural="beds", path="/api/v1/beds", new=BedCreate, label=["name"])
PLANTS = Collection(
    name="plant",
    plural="plants",
    path="/api/v1/plants",
    new=PlantCreate,
    label=["kind", "height"],
    references={"bed_id": "beds"},
)
LANGUAGES = {"en": Texts(), "de": Texts(start="Hallo!", names={"beds": "Beete"})}


@pytest.fixture
def beds() -> Collection:
    """The collection that is told of."""
    return BEDS


@pytest.fixture
def plants() -> Collection:
    """The collection with a field of every type."""
    return PLANTS


@pytest.fixture
def settings(telegram: ServedTelegram, business_api: BusinessApi) -> BotSettings:
    """What the bot is told: nothing waits for long."""
    return BotSettings(
        bot_server=telegram.url_with_token,
        api_url=business_api.url,
        data_api_url=business_api.url,
        bot_retry_delay=0.001,
        bot_page_size=2,
        bot_stop_timeout=0.5,
        http_attempts=1,
        cache_ttl=0,  # one server stands for both
    )


@pytest.fixture
def bot(settings: BotSettings, memory_redis: object) -> ChatBot:
    """Build the bot that the `chat` fixture runs."""
    return build_bot("garden_bot", Script([BEDS, PLANTS], languages=LANGUAGES), settings)


@pytest.fixture
def plant() -> dict[str, Any]:
    """What somebody tells of a plant."""
    return {
        "bed_id": "6f1d2c9a-8a4e-4f57-8d1b-2a9c3e4f5b60",
        "kind": "tall_tree",
        "height": "12.50",
        "leaves": 3,
        "edible": True,
        "sown": "2026-01-31",
        "watered_at": "2026-01-31T12:00:00Z",
        "label": None,
        "grower": "ann@example.com",
        "page": "https://example.com/plants",
        "notes": "in the sun\nnot too dry",
        "care": {"water": 2, "pots": ["clay"]},
    }

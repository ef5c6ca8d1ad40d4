"""A bot for tests: beds of a garden, and nothing that it announces."""

from pydantic import BaseModel

from chassis_bot.bot import ChatBot, Script, build_bot
from chassis_bot.features import BotSettings
from chassis_bot.records import Collection


class BedCreate(BaseModel):
    """A bed."""

    name: str


BEDS = Collection(name="bed", plural="beds", path="/api/v1/beds", new=BedCreate, label=["name"])


def create_bot() -> ChatBot:
    """Build the bot."""
    return build_bot("probe_bot", Script([BEDS]), BotSettings())

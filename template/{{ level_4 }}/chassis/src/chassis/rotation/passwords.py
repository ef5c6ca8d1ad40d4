from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.database import DatabaseSettings
from chassis.database.settings import address


class Passwords:
    """Gives each new connection the password of that moment."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._password = address(settings).password

    def change(self, settings: DatabaseSettings) -> None:
        """Take the password that these settings have."""
        self._password = address(settings).password

    def given_to(self, engine: AsyncEngine) -> None:
        """Have the connections of an engine made with it."""

        @event.listens_for(engine.sync_engine, "do_connect")
        def connect(_dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> None:
            named["password"] = self._password  # counts more than that of the address

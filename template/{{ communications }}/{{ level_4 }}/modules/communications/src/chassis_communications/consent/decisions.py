"""What the owner of an address wants, before anything is sent there."""

import datetime as dt
from dataclasses import dataclass

from chassis_communications.consent.settings import Settings
from chassis_communications.declared import Template
from chassis_communications.kept_preferences import KeptPreferences
from chassis_communications.links import key_of
from chassis_communications.messages import StoredMessageRead
from chassis_communications.preferences import PreferenceRead
from chassis_communications.sending.decisions import (
    DAY,
    QUIET,
    PutOff,
    Withheld,
    quiet_until,
    zone_of,
)
from chassis_communications.sending.rules import kept_messages
from chassis_workers.process import Worker

NO_CONSENT = "Its owner has not agreed to marketing."
NO_WAY_OUT = "MESSAGES_KEY or PUBLIC_URL is not set: marketing could not be unsubscribed from."
ENOUGH = "Its owner does not want more messages today."
FAR = "SMS are not sent to this country."


@dataclass(frozen=True, slots=True)
class AllowedCountry:
    """SMS go to the countries that are named: who pumps them pays elsewhere."""

    settings: Settings

    async def __call__(self, message: StoredMessageRead, _template: Template) -> None:
        """Raise Withheld."""
        allowed = self.settings.sms_countries
        if message.channel == "sms" and allowed and not message.recipient.startswith(allowed):
            raise Withheld(FAR)


@dataclass(frozen=True, slots=True)
class AsWanted:
    """Consent, the owner's own quiet hours and how much they want; security goes its way."""

    worker: Worker
    settings: Settings

    async def __call__(self, message: StoredMessageRead, template: Template) -> None:
        """Raise Withheld or PutOff."""
        if template.category == "security":
            return
        state = self.worker.state
        base = state.settings.data_api_url
        wanted = await KeptPreferences(state.http, base).of(message.channel, message.address_hash)
        if template.category == "marketing":
            if not (key_of(self.settings.messages_key) and state.settings.public_url):
                raise Withheld(NO_WAY_OUT)
            if wanted is None or wanted.consent != "given":
                raise Withheld(NO_CONSENT)
        if wanted:
            await self._in_time(message, wanted)

    async def _in_time(self, message: StoredMessageRead, wanted: PreferenceRead) -> None:
        general = self.worker.state.settings
        zone = zone_of(wanted.time_zone or message.time_zone or general.messages_time_zone)
        until = wanted.quiet_hours and quiet_until(wanted.quiet_hours, dt.datetime.now(zone))
        if until:
            raise PutOff(QUIET, until)
        if wanted.a_day is not None:
            since = dt.datetime.now(dt.UTC) - DAY
            sent = await kept_messages(self.worker).sent_to(message.address_hash, since)
            if sent >= wanted.a_day:
                raise Withheld(ENOUGH)

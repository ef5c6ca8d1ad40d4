from http import HTTPStatus
from urllib.parse import quote, urlsplit

import httpx2

from chassis.problems import Unavailable
from chassis_communications.providers.settings import SmsSettings
from chassis_communications.providers.twilio import (
    account_client,
    messages_of,
    price_in,
    told_by,
)

AWAY = "Twilio does not say what SMS cost."


class TwilioPrices:
    """Asks Twilio, at `SMS_URL`."""

    def __init__(
        self, settings: SmsSettings, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.address = urlsplit(settings.sms_url).netloc
        self._messages = messages_of(settings)
        self._client = account_client(settings, transport)

    async def __call__(self, name: str) -> int | None:
        """Give what is billed for an SMS, in millionths; None while, or if, Twilio does not know.

        Raises Unavailable.
        """
        try:
            answer = await self._client.get(f"{self._messages}/{quote(name, safe='')}.json")
        except httpx2.HTTPError as error:
            raise Unavailable(AWAY) from error
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if not answer.is_success:
            raise Unavailable(AWAY)
        return price_in(told_by(answer))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

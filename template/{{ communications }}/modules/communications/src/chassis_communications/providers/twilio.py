"""SMS by Twilio."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import httpx2

from chassis_communications.bounded import client_of
from chassis_communications.providers.calling import post
from chassis_communications.providers.port import NotSent, Outgoing, Taken
from chassis_communications.providers.settings import SmsSettings
from chassis_communications.segments import segments_of

OPTED_OUT = 21610
NO_MOBILE = frozenset({21211, 21614})
"""Codes that say that no SMS ever gets there."""
CALLBACK = "/api/v1/message-webhooks/twilio"


class TwilioSms:
    """Sends through Twilio, at `SMS_URL`."""

    name = "twilio"

    def __init__(
        self, settings: SmsSettings, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.address = urlsplit(settings.sms_url).netloc
        self._settings = settings
        self._path = f"{messages_of(settings)}.json"
        self._client = account_client(settings, transport)

    async def send(self, message: Outgoing) -> Taken:
        """Give what Twilio calls it, and what it bills; raises NotSent and OutcomeUnknown."""
        settings = self._settings
        form = {
            "To": message.recipient,
            "From": settings.sms_from,
            "Body": message.content.text.strip(),
            "ValidityPeriod": str(settings.sms_validity),
            # Twilio's own look at floods to numbers that earn by them.
            "RiskCheck": "enable",
        }
        if settings.public_url:
            form["StatusCallback"] = f"{settings.public_url.rstrip('/')}{CALLBACK}/{message.id}"
        answer = await post(self._client, self._path, data=form)
        if answer.is_client_error:
            raise _refused(answer)
        told = told_by(answer)
        segments = _number(told.get("num_segments")) or segments_of(form["Body"])
        return Taken(told.get("sid"), segments, price_in(told))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def messages_of(settings: SmsSettings) -> str:
    """Give the path of the messages of the account."""
    return f"/2010-04-01/Accounts/{settings.twilio_account}/Messages"


def account_client(
    settings: SmsSettings, transport: httpx2.AsyncBaseTransport | None = None
) -> httpx2.AsyncClient:
    """Make a client of the account."""
    token = settings.twilio_token
    return client_of(
        settings.provider_timeout,
        transport,
        base_url=settings.sms_url,
        auth=(settings.twilio_account, token.get_secret_value() if token else ""),
    )


def told_by(answer: httpx2.Response) -> dict[str, Any]:
    """Read what Twilio says; of an answer that cannot be read it counts that there is one."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def price_in(told: Mapping[str, Any]) -> int | None:
    """Give what an SMS is billed at, in millionths; None as long as Twilio does not say."""
    price = _number(told.get("price"), 6)
    return None if price is None else abs(price)


def _number(text: Any, digits: int = 0) -> int | None:
    """Read a number of Twilio's, which are texts, with so many digits behind the point; or none."""
    try:
        return int(Decimal(text).scaleb(digits))
    except (InvalidOperation, TypeError, ValueError):
        return None


def _refused(answer: httpx2.Response) -> NotSent:
    code = told_by(answer).get("code")
    reason = f"Twilio refuses it: {code or answer.status_code}"
    if code == OPTED_OUT:
        return NotSent(reason, again=False, cause="opt_out")
    return NotSent(reason, again=False, cause="bounce" if code in NO_MOBILE else None)

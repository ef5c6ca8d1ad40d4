"""SMS by Twilio."""

from http import HTTPStatus

import httpx2

from chassis_communications.providers.calling import post
from chassis_communications.providers.port import NotSent, Outgoing
from chassis_communications.providers.settings import SmsSettings

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
        token = settings.twilio_token
        self._settings = settings
        self._path = f"/2010-04-01/Accounts/{settings.twilio_account}/Messages.json"
        self._client = httpx2.AsyncClient(
            base_url=settings.sms_url,
            auth=(settings.twilio_account, token.get_secret_value() if token else ""),
            timeout=settings.provider_timeout,
            transport=transport,
        )

    async def send(self, message: Outgoing) -> str | None:
        """Give what Twilio calls it; raises NotSent and OutcomeUnknown."""
        settings = self._settings
        form = {
            "To": message.recipient,
            "From": settings.sms_from,
            "Body": message.content.text.strip(),
            "ValidityPeriod": str(settings.sms_validity),
            # Twilio's own look at floods to numbers that earn by them.
            "RiskCheck": "enable",
        }
        if settings.sms_max_price:
            form["MaxPrice"] = f"{settings.sms_max_price:g}"
        if settings.public_url:
            form["StatusCallback"] = f"{settings.public_url.rstrip('/')}{CALLBACK}/{message.id}"
        answer = await post(self._client, self._path, data=form)
        if answer.status_code != HTTPStatus.CREATED:
            raise _refused(answer)
        name: str | None = answer.json().get("sid")
        return name

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _refused(answer: httpx2.Response) -> NotSent:
    try:
        code = answer.json().get("code")
    except ValueError:
        code = None
    reason = f"Twilio refuses it: {code or answer.status_code}"
    if code == OPTED_OUT:
        return NotSent(reason, again=False, cause="opt_out")
    return NotSent(reason, again=False, cause="bounce" if code in NO_MOBILE else None)

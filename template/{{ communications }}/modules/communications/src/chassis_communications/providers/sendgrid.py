"""Email by SendGrid."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import httpx2

from chassis_communications.bounded import client_of
from chassis_communications.providers.calling import post
from chassis_communications.providers.port import NotSent, Outgoing, Taken
from chassis_communications.providers.settings import EmailSettings
from chassis_communications.webhooks.sendgrid import ARGUMENT

PATH = "/v3/mail/send"


class SendGridEmail:
    """Sends through SendGrid, at `EMAIL_URL`."""

    name = "sendgrid"

    def __init__(
        self, settings: EmailSettings, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        key = settings.sendgrid_key
        self.address = urlsplit(settings.email_url).netloc
        self._from = settings.email_from
        self._client = client_of(
            settings.provider_timeout,
            transport,
            {"Authorization": f"Bearer {key.get_secret_value() if key else ''}"},
            base_url=settings.email_url,
        )

    async def send(self, message: Outgoing) -> Taken:
        """Give what SendGrid calls it; raises NotSent and OutcomeUnknown."""
        answer = await post(self._client, PATH, json=self._body(message))
        if answer.is_client_error:
            raise NotSent(f"SendGrid refuses it: {answer.status_code}", again=False)
        return Taken(answer.headers.get("x-message-id"))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _body(self, message: Outgoing) -> dict[str, Any]:
        name, address = parseaddr(self._from)
        to = {"to": [{"email": message.recipient}], "custom_args": {ARGUMENT: str(message.id)}}
        off = {"enable": False}
        body = {
            "personalizations": [to],
            "from": {"email": address, "name": name} if name else {"email": address},
            "subject": message.content.subject,
            "content": [
                {"type": "text/plain", "value": message.content.text},
                {"type": "text/html", "value": message.content.html},
            ],
            # Links stay what they are: who follows them is nobody's business.
            "tracking_settings": {"click_tracking": off, "open_tracking": off},
        }
        return {**body, "headers": dict(message.headers)} if message.headers else body

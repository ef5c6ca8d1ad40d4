"""Email by SMTP: any relay, SES included.

A message is one conversation of its own. Until the relay has been given its text, whatever goes wrong
means that it was not sent; from then on only the relay's answer says so.
"""

import logging
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiosmtplib

from chassis.problems import OutcomeUnknown
from chassis_communications.messages import line
from chassis_communications.providers.port import NotReached, NotSent, Outgoing, Taken
from chassis_communications.providers.settings import EmailSettings
from chassis_communications.webhooks.sns import HEADER

logger = logging.getLogger(__name__)

PORTS = {"smtp": 587, "smtps": 465}
PERMANENT = 500
REFUSED = 400
TAKES_LEAVE = 421
NO_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""What says that no email ever gets to an address (RFC 3463, 7505); anything else may be of the sender."""
OF_THE_SENDER = "5.7."
"""How it begins where the sender is not let in, or not trusted: no address is worse for that."""
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
AWAY = "The relay could not be reached."
UNANSWERED = "The relay did not confirm: it may be sent or not."


class SmtpEmail:
    """Sends through the relay of `EMAIL_URL`."""

    name = "smtp"

    def __init__(self, settings: EmailSettings) -> None:
        parts = urlsplit(settings.email_url)
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self.address = f"{self._host}:{self._port}"
        self._use_tls = parts.scheme == "smtps"
        # Who listens here may as well read the memory: nobody is between.
        self._start_tls = None if _is_this_machine(self._host) else True
        self._settings = settings

    async def send(self, message: Outgoing) -> Taken:
        """Give what the relay calls it; raises NotSent and OutcomeUnknown."""
        settings = self._settings
        password = settings.smtp_password
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=settings.smtp_user or None,
            password=password.get_secret_value() if password and settings.smtp_user else None,
            timeout=settings.provider_timeout,
            use_tls=self._use_tls,
            start_tls=False if self._use_tls else self._start_tls,
        )
        try:
            await self._envelope(client, message)
            return Taken(await _hand_over(client, written(message, settings.email_from)))
        finally:
            client.close()

    async def close(self) -> None:
        """Close nothing: every message has its own connection."""

    async def _envelope(self, client: aiosmtplib.SMTP, message: Outgoing) -> None:
        """Name sender and recipients: until here nothing is sent."""
        try:
            await client.connect()
            await client.mail(parseaddr(self._settings.email_from)[1])
            await client.rcpt(message.recipient)
            for copy in self._settings.email_copies:
                await _name_copy(client, copy)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            raise _refused(refusal, suppress=True) from refusal
        except aiosmtplib.SMTPResponseException as refusal:
            raise NotSent(f"The relay refuses: {_told(refusal)}", again=True) from refusal
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotReached(AWAY) from error


async def _name_copy(client: aiosmtplib.SMTP, copy: str) -> None:
    """Name who gets a copy; one that is refused is no reason to send nothing."""
    try:
        await client.rcpt(copy)
    except aiosmtplib.SMTPResponseException as refusal:
        if refusal.code == TAKES_LEAVE:
            raise NotReached(AWAY) from refusal
        logger.warning("The relay refuses a copy: %d", refusal.code)


async def _hand_over(client: aiosmtplib.SMTP, content: bytes) -> str | None:
    try:
        answer = await client.data(content)
    except aiosmtplib.SMTPResponseException as refusal:
        if refusal.code < REFUSED:
            raise OutcomeUnknown(UNANSWERED) from refusal
        raise _refused(refusal, suppress=False) from refusal
    except (aiosmtplib.SMTPException, OSError) as error:
        raise OutcomeUnknown(UNANSWERED) from error
    return line(answer.message) or None


def _refused(refusal: aiosmtplib.SMTPResponseException, *, suppress: bool) -> NotSent:
    status = _status(refusal)
    permanent = refusal.code >= PERMANENT and not status.startswith(OF_THE_SENDER)
    is_bounce = permanent and suppress and status in NO_ADDRESS
    return NotSent(
        f"The relay refuses it: {_told(refusal)}",
        again=not permanent,
        cause="bounce" if is_bounce else None,
    )


def _told(refusal: aiosmtplib.SMTPResponseException) -> str:
    """Give the codes of a refusal; its text may name people."""
    return f"{refusal.code} {_status(refusal)}".rstrip()


def _status(refusal: aiosmtplib.SMTPResponseException) -> str:
    found = _STATUS.match(refusal.message)
    return found[0] if found else ""


def written(message: Outgoing, sender: str) -> bytes:
    """Write a message as relays take it; raises ValueError for what no header can hold."""
    name, address = parseaddr(sender)
    email = EmailMessage(policy=SMTP)
    email["From"] = Address(name, addr_spec=address)
    email["To"] = Address(addr_spec=message.recipient)
    email["Subject"] = message.content.subject
    email["Date"] = format_datetime(localtime())
    email["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
    email[HEADER] = str(message.id)
    for header, value in message.headers.items():
        email[header] = value
    email.set_content(message.content.text)
    email.add_alternative(message.content.html, subtype="html")
    return email.as_bytes()


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""A relay that takes email, and breaks off or refuses where it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from chassis.testing.serving import serving
from chassis_communications.testing.caught import Box, Caught

if TYPE_CHECKING:
    from email.message import EmailMessage

HOST = "127.0.0.1"
HOUR_S = 3600


class Relay:
    """Takes what comes; with a `user` it asks who it is, and takes nothing from anybody else."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.box = Box("Caught email")
        self.taken: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.refused: dict[str, str] = {}
        """By address, what it answers to it: `550 No such user`."""
        self.answer = "250 Ok 0102-queued"
        """What it answers to a message."""
        self.cuts: dict[str, str] = {}
        """By address, when it hangs up: on who names it (`RCPT`), or has given the message, `before` it keeps that or
        `after`."""
        self.hangs: dict[str, str] = {}
        """By address, the command from which on it says nothing for an hour: `RCPT`, or `DATA`, whose message it has
        kept then."""
        self._credentials = (user, password)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Listen on a port that is free; give it."""
        server = await asyncio.get_running_loop().create_server(self.session, HOST, 0)
        async with server:
            yield int(server.sockets[0].getsockname()[1])

    def session(self) -> SMTP:
        """Talk to one client."""
        return SMTP(
            self,
            hostname=HOST,
            authenticator=self._authenticate,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    async def handle_MAIL(  # noqa: N802  # as aiosmtpd calls it
        self,
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take a sender that has signed in, where that is asked for."""
        if self._credentials[0] and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 Ok"

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd calls it
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take an address, or refuse it."""
        if self.hangs.get(address) == "RCPT":
            await asyncio.sleep(HOUR_S)
        if self.cuts.get(address) == "RCPT":
            return self._hang_up(server)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 Ok"

    async def handle_DATA(  # noqa: N802  # as aiosmtpd calls it
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a message."""
        cuts = {self.cuts.get(address) for address in envelope.rcpt_tos}
        if "before" in cuts:
            return self._hang_up(server)
        if self.answer.startswith("2"):
            content = envelope.content
            self._keep(content if isinstance(content, bytes) else b"", envelope.rcpt_tos)
        if "DATA" in map(self.hangs.get, envelope.rcpt_tos):
            await asyncio.sleep(HOUR_S)
        return self._hang_up(server) if "after" in cuts else self.answer

    def _keep(self, content: bytes, recipients: list[str]) -> None:
        email: Any = message_from_bytes(content, policy=policy.default)
        self.taken.append(email)
        self.envelopes.append([*recipients])
        text, html = (email.get_body((kind,)) for kind in ("plain", "html"))
        self.box.add(
            Caught(
                to=", ".join(recipients),
                subject=str(email["subject"]),
                text=text.get_content() if text else "",
                html=html.get_content() if html else "",
            )
        )

    def _hang_up(self, server: SMTP) -> str:
        server.transport.abort()  # type: ignore[union-attr]  # a session has one
        return self.answer

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, given: Any
    ) -> AuthResult:
        expected = tuple(part.encode() for part in self._credentials)
        fits = isinstance(given, LoginPassword) and (given.login, given.password) == expected
        return AuthResult(success=fits, handled=False)


@contextmanager
def relaying(relay: Relay) -> Iterator[tuple[int, int]]:
    """Run a relay in a thread of this process; give its port, and that of a page that shows what came."""
    application = web.Application()
    application.add_routes(relay.box.routes())
    with socket.create_server((HOST, 0)) as mail:

        async def listening(_application: web.Application) -> AsyncIterator[None]:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(relay.session, sock=mail)
            yield
            server.close()

        application.cleanup_ctx.append(listening)
        port = int(mail.getsockname()[1])
        with serving(application) as page:
            yield port, page

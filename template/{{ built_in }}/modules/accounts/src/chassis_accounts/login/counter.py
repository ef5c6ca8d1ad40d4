"""Where people log in: what is checked, in which order, and what they get."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from redis.asyncio import Redis

from chassis.problems import Conflict, NotFound, OutcomeUnknown, Outdated, Unavailable
from chassis_accounts import second_factor
from chassis_accounts.errors import (
    AWAY,
    CODE_NEEDED,
    ENDED,
    MAY_GO_ON,
    NO_ACCOUNT,
    NO_REGISTRATION,
    WRONG,
    Forbidden,
    TooManyAttempts,
    Unauthorized,
)
from chassis_accounts.keeping import Accounts
from chassis_accounts.login.events import LoginEvent, LoginObserver
from chassis_accounts.passwords import Passwords
from chassis_accounts.records import AccountCreate, AccountRead, ClientRead
from chassis_accounts.sealing import Seal
from chassis_accounts.sessions import Sessions
from chassis_accounts.settings import Settings
from chassis_accounts.signing import SigningKeys
from chassis_accounts.throttle import Throttle
from chassis_accounts.tokens import AccessTokens
from chassis_redis import redis_client

logger = logging.getLogger(__name__)

ADMIN = "admin"
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody shows to get in."""

    email: str
    password: str
    code: str | None = None
    address: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody gets who is let in."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Counter:
    """Lets people in, keeps them in, and lets them out."""

    accounts: Accounts
    keys: SigningKeys
    sessions: Sessions
    throttle: Throttle
    passwords: Passwords
    tokens: AccessTokens
    settings: Settings
    title: str
    redis: Redis
    clock: Callable[[], float] = time.time
    observers: list[LoginObserver] = field(default_factory=list)

    async def log_in(self, given: Given) -> Grant:
        """Let somebody in; raises Unauthorized without saying what was wrong, or TooManyAttempts."""
        async with reachable():
            await self._admit(given)
            account = await self._account(given)
            if given.code is not None or account.totp_secret:
                account = await self._second_factor(account, given.code)
            await self.throttle.forget(given.email, given.address, str(account.id))
            await self.keys.signing()  # a session without a token would help nobody
            session, refresh_token = await self.sessions.begin(str(account.id), given.client)
            account = await self._still_so(account, given.password, session)
        self._tell(LoginEvent.ADMITTED, account)
        return await self._grant(account, session, refresh_token)

    async def refresh(self, sealed: str) -> Grant:
        """Give a new pair of tokens for a refresh token; raises Unauthorized."""
        token = self.sessions.read(sealed)
        if token is None:
            raise Unauthorized(ENDED)
        async with reachable():
            # All that can fail comes first: a token is used up only for an answer.
            account = await self._current(token.account)
            if account is None or account.disabled:
                await self.sessions.end(token.session, token.account)
                raise Unauthorized(ENDED)
            access_token = await self.tokens.make(account, token.session)
            rotation = await self.sessions.rotate(token)
        if rotation.outcome == "reused":
            logger.warning("A refresh token came twice: session of account %s ends", account.id)
            self._tell(LoginEvent.REUSED, account)
        if not rotation.token:
            raise Unauthorized(ENDED)
        return Grant(access_token, rotation.token, self.settings.access_token_life)

    async def admit_client(self, client: ClientRead) -> Grant:
        """Give a program that has shown its secret a token; there is nothing to refresh."""
        life = self.settings.access_token_life
        session, _ = await self.sessions.begin(str(client.id), client.name, life)
        access_token = await self.tokens.make(client, session, str(client.id))
        return Grant(access_token, "", life)

    async def register(self, email: str, password: str, address: str) -> AccountRead:
        """Let somebody make an account of their own; raises Forbidden where that is closed."""
        if self.settings.registration != OPEN:
            raise Forbidden(NO_REGISTRATION)
        async with reachable():
            await self.throttle.admit(email, address)
        proof = await self.passwords.hashed(password, email)
        roles = list(self.settings.registration_roles)
        return await self.accounts.add(AccountCreate(email=email, password_hash=proof, roles=roles))

    async def proven(self, account_id: str, password: str, code: str | None = None) -> AccountRead:
        """Have the owner of an account show that it is still the owner; raises Unauthorized."""
        async with reachable():
            account = await self.of(account_id)
            await self.throttle.admit(account.email, account_id)
            right, _ = await self.passwords.check(password, account.password_hash)
            if not right:
                raise self._wrong(account)
            if account.totp_secret:
                account = await self._second_factor(account, code)
            await self.throttle.forget(account.email, account_id, account_id)
        return account

    async def of(self, account_id: str) -> AccountRead:
        """Give the account of who asks; raises NotFound for those of another issuer."""
        account = await self._current(account_id)
        if account is None:
            raise NotFound(NO_ACCOUNT)
        return account

    @asynccontextmanager
    async def ending_sessions(self, owner: UUID, but: str | None = None) -> AsyncIterator[None]:
        """Do a write by which all sessions of an account or a client end, or all others than one.

        They end before it, for without Redis nothing is written; and once more after it, for one may
        have begun meanwhile. Raises Unavailable for what was not begun, and else OutcomeUnknown.
        """
        async with reachable():
            await self.sessions.end_all(str(owner), but)
        yield
        try:
            await self.sessions.end_all(str(owner), but)
        except redis_client.AWAY as error:
            raise OutcomeUnknown(MAY_GO_ON) from error

    def factor_seal(self) -> Seal:
        """Give what second factors are sealed with."""
        return Seal(self.settings.accounts_key.get_secret_value(), "second factor")

    async def code_is_right(self, account_id: UUID, secret: str, code: str) -> bool:
        """Say whether a code of an authenticator is right; each is so once."""
        step = second_factor.step_of(secret, code, self.clock())
        if step is None:
            return False
        key = f"{self.sessions.namespace}:code:{account_id}:{step}"
        kept = len(second_factor.DIFFERS) * second_factor.STEP_S + second_factor.STEP_S
        return bool(await self.redis.set(key, 1, nx=True, ex=kept))

    async def _admit(self, given: Given) -> None:
        try:
            await self.throttle.admit(given.email, given.address)
        except TooManyAttempts:
            self._tell(LoginEvent.THROTTLED)
            raise

    def _wrong(self, account: AccountRead | None) -> Unauthorized:
        """Tell of a refusal, and give the error, which says nothing of what was wrong."""
        self._tell(LoginEvent.REFUSED, account)
        return Unauthorized(WRONG)

    def _tell(self, event: LoginEvent, account: AccountRead | None = None) -> None:
        for observer in self.observers:
            observer(event, account.id if account else None)

    async def _account(self, given: Given) -> AccountRead:
        account = await self.accounts.by_email(given.email) or await self._first_admin(given.email)
        known = account.password_hash if account else None
        right, better = await self.passwords.check(given.password, known)
        if account is None or not right or account.disabled:
            raise self._wrong(account)
        if better:
            account = await self._replaced(account, {"password_hash": better})
        return account

    async def _first_admin(self, email: str) -> AccountRead | None:
        """Make the first administrator when it comes for the first time."""
        password = self.settings.first_admin_password.get_secret_value()
        if not password or email != self.settings.first_admin.lower():
            return None
        if not await self.accounts.are_none():
            return None
        proof = await self.passwords.hashed(password)
        try:
            new = AccountCreate(email=email, password_hash=proof, roles=[ADMIN])
            return await self.accounts.add(new)
        except Conflict:
            return await self.accounts.by_email(email)  # another instance was first

    async def _second_factor(self, account: AccountRead, code: str | None) -> AccountRead:
        if not account.totp_secret:
            return account  # a code that nobody asked for
        if code is None:
            raise Unauthorized(CODE_NEEDED)
        await self.throttle.admit_code(str(account.id))
        secret = self.factor_seal().open(account.totp_secret)
        if secret and await self.code_is_right(account.id, secret, code):
            return account
        used = second_factor.digest(code)
        if used not in account.recovery_codes:
            raise self._wrong(account)
        left = [one for one in account.recovery_codes if one != used]
        try:
            return await self.accounts.change(account.id, {"recovery_codes": left}, account.version)
        except Outdated:  # somebody else was using it at the same moment
            raise self._wrong(account) from None

    async def _still_so(self, account: AccountRead, password: str, session: str) -> AccountRead:
        """Give an account as it is since its session has begun; raises Unauthorized.

        To check a password takes a while: whoever ended all sessions meanwhile did not see this one.
        """
        now = await self._current(str(account.id))
        if now and not now.disabled and now.password_hash == account.password_hash:
            return now
        right, _ = await self.passwords.check(password, now.password_hash if now else None)
        if now is None or now.disabled or not right:
            await self.sessions.end(session, str(account.id))
            raise self._wrong(account)
        return now

    async def _replaced(self, account: AccountRead, changes: dict[str, str]) -> AccountRead:
        try:
            return await self.accounts.change(account.id, changes, account.version)
        except Outdated:
            return account

    async def _current(self, account_id: str) -> AccountRead | None:
        try:
            return await self.accounts.current(UUID(account_id))
        except (NotFound, ValueError):  # an id of another issuer may be no UUID
            return None

    async def _grant(self, account: AccountRead, session: str, refresh_token: str) -> Grant:
        access_token = await self.tokens.make(account, session)
        return Grant(access_token, refresh_token, self.settings.access_token_life)


@asynccontextmanager
async def reachable() -> AsyncIterator[None]:
    """Raise Unavailable where Redis does not answer: without it nobody is let in."""
    try:
        yield
    except redis_client.AWAY as error:
        raise Unavailable(AWAY) from error

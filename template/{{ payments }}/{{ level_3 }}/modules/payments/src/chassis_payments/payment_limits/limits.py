import hashlib
import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi.requests import HTTPConnection
from prometheus_client import Counter

from chassis.client_address import address_of
from chassis.fraud_rules import PaymentAsked, PaymentRule
from chassis.http_client import raise_for_problem
from chassis.problems import NotFound, ProblemError
from chassis_payments.checking import Asked, caller_of
from chassis_payments.payment_limits.counting import LIMIT
from chassis_payments.payment_limits.settings import Settings
from chassis_payments.stored_payments import StoredPayments
from chassis_payments.turns import TURNS, NewTurn, TurnRead

logger = logging.getLogger(__name__)

REFUSED = "This is not done here. Nothing was paid."


class TooOften(ProblemError):  # noqa: N818  # as the errors of the chassis are called
    """Somebody asks too often: 429."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many at once: try again in {seconds} seconds.")
        self.headers = {"Retry-After": str(seconds)}


class TurnedAway(ProblemError):  # noqa: N818
    """A rule refuses it: 403."""

    status = HTTPStatus.FORBIDDEN


class Limits:
    """Refuses what is asked for too often, and what a rule says; what was done before is not."""

    def __init__(self, settings: Settings, rules: Sequence[PaymentRule], refused: Counter) -> None:
        self._settings = settings
        self.rules = rules
        self._refused = refused
        for act in ("open", "refund"):  # known from the start: a first one must show
            for name in (LIMIT, *map(_name, rules)):
                refused.labels(act, name)

    async def __call__(self, connection: HTTPConnection, asked: Asked) -> None:
        """Raise TooOften or TurnedAway."""
        turn = await self._turn(connection, asked)
        if not turn.taken:
            self._refused.labels(asked.act, LIMIT).inc()
            raise TooOften(turn.wait_s)
        if turn.again and await self._was_done(connection, asked):
            return
        told = PaymentAsked(
            act=asked.act,
            provider=asked.provider,
            amount=asked.amount,
            currency=asked.currency,
            entity=asked.entity,
            entity_id=asked.entity_id,
            caller=caller_of(connection),
            recent_number=turn.recent_number,
            recent_amount=turn.recent_amount,
        )
        for rule in self.rules:
            if await rule(told):
                logger.warning("The rule %s refuses %s %s", _name(rule), asked.act, asked.id)
                self._refused.labels(asked.act, _name(rule)).inc()
                raise TurnedAway(REFUSED)

    async def _turn(self, connection: HTTPConnection, asked: Asked) -> TurnRead:
        limits = {
            "open": self._settings.payments_per_minute,
            "refund": self._settings.refunds_per_minute,
        }
        new = NewTurn(
            caller=self._digest(connection),
            act=asked.act,
            amount=max(asked.amount, 1),
            currency=asked.currency,
            most=limits[asked.act],
        )
        state = connection.app.state
        url = f"{state.settings.data_api_url.rstrip('/')}{TURNS}/{asked.id}"
        reply = await state.http.put(url, json_body=new.model_dump_json().encode())
        raise_for_problem(reply)
        return TurnRead.model_validate_json(reply.body)

    async def _was_done(self, connection: HTTPConnection, asked: Asked) -> bool:
        """Say whether the same was let pass before: a repeat is answered, whatever the rules say."""
        state = connection.app.state
        stored = StoredPayments(state.http, state.settings.data_api_url)
        if asked.act == "refund":
            return any(one.id == asked.id for one in await stored.refunds(asked.payment_id))
        try:
            await stored.get(asked.id)
        except NotFound:
            return False
        return True

    def _digest(self, connection: HTTPConnection) -> str:
        header = self._settings.client_address_header
        caller = caller_of(connection) or address_of(connection, header)
        return hashlib.sha256(caller.encode()).hexdigest()


def _name(rule: PaymentRule) -> str:
    return getattr(rule, "__name__", type(rule).__name__)

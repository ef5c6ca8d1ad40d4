import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Table, and_, case, func, or_, select, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.engine import Change, Database
from chassis.database.models import Base
from chassis.database.repository import Repository
from chassis.problems import Conflict, Invalid, NotFound, Outdated
from chassis.unreadable import readable
from chassis_payments.data.provider_payments.model import (
    ProviderAttempt,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    ProviderTransaction,
)
from chassis_payments.data.steps import Listeners, Step
from chassis_payments.payments import (
    Attempt,
    NewProviderPayment,
    NewProviderRefund,
    ProviderTransactionRead,
    RefundEnd,
    Seen,
    StoredPaymentRead,
    StoredRefundRead,
)
from chassis_payments.states import OPEN, State, step

AT_ONCE = 50
MOST_REFUNDS = 200
"""Of one payment, that are asked for here."""
MOST = 1000
"""Refunds or movements of a payment that are shown; providers have some that were not asked for here."""
PATIENCE = 20
"""How much longer people may take to pay than a provider may take to answer."""
ANOTHER = "This id is that of another payment."
ANOTHER_REFUND = "This id is that of another refund."
CHANGED = "The payment was changed by somebody else: look at it again."
DISPUTED = "There is a dispute over this payment: its money is not given back meanwhile."
HALF = "Say both, entity and entity_id, or neither."
MISMATCH = "The provider speaks of another amount than was asked for."
NO_COLLECTION = "There is no such collection."
NO_RECORD = "There is no such record."
NOT_LEFT = "So much is not left of this payment."
TOO_MANY = f"This payment has {MOST_REFUNDS} refunds: give back the rest at the provider."
NOT_PAID = "Nothing was paid: there is nothing to give back."

_NOW: Mapping[str, State] = {"unknown": "unknown", "refused": "failed", "failed": "unknown"}
"""What a payment comes to by what is noted of an attempt."""

type Row = Mapping[str, Any]


class Payments(Repository[StoredPaymentRead]):
    """Payments, in PostgreSQL: each change is written under a lock on its payment."""

    model = ProviderPayment
    read = StoredPaymentRead

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._payments = _table(ProviderPayment)
        self._attempts = _table(ProviderAttempt)
        self._refunds = _table(ProviderRefund)
        self._disputes = _table(ProviderDispute)
        self._transactions = _table(ProviderTransaction)
        self.listeners = Listeners()

    async def begin(self, payment_id: UUID, new: NewProviderPayment) -> StoredPaymentRead:
        """Keep a payment and its attempt; raises Conflict if the id is another payment's."""
        values = {**new.model_dump(), "id": payment_id, "attempt": f"open-{payment_id}"}
        if (new.entity is None) != (new.entity_id is None):
            raise Invalid(HALF, field="entity_id" if new.entity else "entity")
        async with self.database.begin() as connection:
            if new.entity is not None:
                values["entity"] = await _hold(connection, new.entity, new.entity_id)
            added = await self._insert(connection, self._payments, values)
            if added:
                await self._note(connection, added, added["attempt"], Attempt(state="sent"))
                await self._tell(connection, "add", added)
            kept = added or await self._locked(connection, payment_id)
        # Another attempt than the first one may be at another provider.
        free = {"attempt", "provider"} if kept["attempt"] != values["attempt"] else {"attempt"}
        if any(kept[name] != value for name, value in values.items() if name not in free):
            raise Conflict(ANOTHER)
        if added:
            self.listeners.tell([_payment_step(None, added)])
        return self.read.model_validate(kept)

    async def note(self, payment_id: UUID, key: str, attempt: Attempt) -> StoredPaymentRead:
        """Note an attempt, and what the payment comes to by it, if it is the last one to open it."""
        async with self.database.begin() as connection:
            before = payment = await self._locked(connection, payment_id)
            await self._note(connection, payment, key, attempt)
            now: State = payment["state"]
            past = key.startswith("open-") and key != payment["attempt"]
            state = now if past else step(now, _NOW.get(attempt.state, now))
            values: dict[str, Any] = {}
            if state != payment["state"]:
                values = {"state": state, "reason": attempt.reason}
            if attempt.state == "failed" and key == payment["attempt"]:
                values |= await self._next_attempt(connection, payment)
            if values:
                payment = await self._update(connection, payment, values)
        self.listeners.tell([_payment_step(before, payment)])
        return self.read.model_validate(payment)

    async def write_down(self, payment_id: UUID, version: int, seen: Seen) -> StoredPaymentRead:
        """Write down what a provider says of a payment of that version.

        Raises Outdated if it has another one, and Conflict if the provider speaks of other money.
        """
        async with self.database.begin() as connection:
            before = payment = await self._locked(connection, payment_id)
            if payment["version"] != version:
                raise Outdated(CHANGED)
            if (seen.amount, seen.currency) != (payment["amount"], payment["currency"]):
                raise Conflict(MISMATCH)
            if payment["reference"] is None:
                done = Attempt(state="done")
                await self._note(connection, payment, payment["attempt"], done)
            steps = await self._write_refunds(connection, payment, seen)
            steps += await self._write_disputes(connection, payment, seen)
            state = step(payment["state"], seen.state)
            values = {
                "state": state,
                "reference": seen.reference,
                "charge": seen.charge or payment["charge"],
                "checkout_url": seen.checkout_url if state in OPEN else None,
                "client_secret": seen.client_secret if state in OPEN else None,
                "reason": seen.reason if state == seen.state else payment["reason"],
                "disputed": await self._disputed(connection, payment),
            }
            if state == "completed":
                moved = ("charge", values["charge"] or seen.reference, payment["amount"])
                await self._move(connection, payment, *moved)
            values["refunded"] = await self._given_back(connection, payment)
            payment = await self._update(connection, payment, values)
        self.listeners.tell([_payment_step(before, payment), *steps])
        return self.read.model_validate(payment)

    async def unsettled(self, provider: str, seconds: float) -> list[StoredPaymentRead]:
        """Give some of a provider's payments of which nobody has heard for so long, each in its turn."""
        payments, before = self._payments, func.now() - dt.timedelta(seconds=seconds)
        unanswered = or_(payments.c.state == "unknown", payments.c.reference.is_(None))
        late = func.now() - dt.timedelta(seconds=seconds * PATIENCE)
        heard = payments.c.updated_at < case((unanswered, before), else_=late)
        waiting = select(payments.c.id).where(payments.c.state.in_(OPEN), heard)
        refunds = self._refunds
        refunding = select(refunds.c.payment_id).where(
            refunds.c.state.in_(("pending", "unknown")), refunds.c.updated_at < before
        )
        statement = (
            select(payments)
            # One after the other, each by an index: "or" would read every payment there ever was.
            .where(payments.c.id.in_(union(waiting, refunding)), payments.c.provider == provider)
            # Those that fail each time must not hold up the others.
            .order_by(func.random())
            .limit(AT_ONCE)
        )
        async with self.database.connect() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return readable(map(dict, rows), self.read.model_validate, self._payments.name)

    async def begin_refund(
        self, payment_id: UUID, refund_id: UUID, new: NewProviderRefund
    ) -> StoredRefundRead:
        """Hold what is to be given back; raises Conflict if so much is not left."""
        refunds = self._refunds
        async with self.database.begin() as connection:
            payment = await self._locked(connection, payment_id)
            known = select(refunds).where(refunds.c.id == refund_id)
            row = (await connection.execute(known)).mappings().first()
            refund, is_new = dict(row) if row else {}, row is None
            if is_new:
                values = {
                    "id": refund_id,
                    "payment_id": payment_id,
                    "amount": await self._left(connection, payment, new.amount),
                    "reason": new.reason,
                }
                refund = await self._insert(connection, refunds, values) or {}
                await self._tell(connection, "add", values, refunds)
        asked = new.amount is None or refund.get("amount") == new.amount
        if refund.get("payment_id") != payment_id or not asked:
            raise Conflict(ANOTHER_REFUND)
        if is_new:
            self.listeners.tell([_part_step("refund", payment, None, refund)])
        return StoredRefundRead.model_validate(refund)

    async def end_refund(
        self, payment_id: UUID, refund_id: UUID, end: RefundEnd
    ) -> StoredRefundRead:
        """Keep what a provider said to a refund, and what was given back by it."""
        refunds = self._refunds
        async with self.database.begin() as connection:
            payment = await self._locked(connection, payment_id)
            this = (refunds.c.id == refund_id, refunds.c.payment_id == payment_id)
            before = (await connection.execute(select(refunds).where(*this))).mappings().first()
            if before is None:
                raise NotFound("Refund not found.")
            values = {"state": _refund_step(before["state"], end.state)}
            values |= end.model_dump(include={"reference", "reason"}, exclude_none=True)
            # Whoever is late goes back to no key of before.
            values["attempt"] = max(before["attempt"], end.attempt or 1)
            changed = update(refunds).where(*this).values(**values).returning(*refunds.c)
            refund = dict((await connection.execute(changed)).mappings().one())
            await self._tell(connection, "change", refund, refunds)
            given_back = await self._given_back(connection, payment)
            if given_back != payment["refunded"]:
                await self._update(connection, payment, {"refunded": given_back})
        self.listeners.tell([_part_step("refund", payment, before["state"], refund)])
        return StoredRefundRead.model_validate(refund)

    async def refunds(self, payment_id: UUID) -> list[StoredRefundRead]:
        """Give the refunds of a payment."""
        rows = await self._of(self._refunds, payment_id)
        return readable(rows, StoredRefundRead.model_validate, self._refunds.name)

    async def transactions(self, payment_id: UUID) -> list[ProviderTransactionRead]:
        """Give the money that moved."""
        rows = await self._of(self._transactions, payment_id)
        return readable(rows, ProviderTransactionRead.model_validate, self._transactions.name)

    async def _of(self, table: Table, payment_id: UUID) -> list[dict[str, Any]]:
        mine = table.c.payment_id == payment_id
        statement = select(table).where(mine).order_by(table.c.created_at, table.c.id).limit(MOST)
        async with self.database.connect() as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

    async def _locked(self, connection: AsyncConnection, payment_id: UUID) -> dict[str, Any]:
        """Read a payment that nobody else changes until the end of the transaction."""
        payments = self._payments
        statement = select(payments).where(payments.c.id == payment_id).with_for_update()
        row = (await connection.execute(statement)).mappings().first()
        if row is None:
            raise NotFound("Payment not found.")
        return dict(row)

    async def _insert(
        self, connection: AsyncConnection, table: Table, values: Row
    ) -> dict[str, Any] | None:
        """Add a row, unless there is one already."""
        statement = insert(table).values(**values).on_conflict_do_nothing().returning(*table.c)
        row = (await connection.execute(statement)).mappings().first()
        return dict(row) if row else None

    async def _update(
        self, connection: AsyncConnection, payment: Row, values: Row
    ) -> dict[str, Any]:
        payments = self._payments
        this = payments.c.id == payment["id"]
        statement = update(payments).where(this).values(**values).returning(*payments.c)
        changed = dict((await connection.execute(statement)).mappings().one())
        given = {name: changed[name] for name in values if changed[name] != payment[name]}
        await self._tell(connection, "change", changed, given=given)
        return changed

    async def _tell(
        self,
        connection: AsyncConnection,
        kind: Any,
        row: Row,
        table: Table | None = None,
        given: Row | None = None,
    ) -> None:
        """Have the audit log, the events and whoever else listens take note."""
        name = self._payments.name if table is None else table.name
        shown = _shown(row)
        values = shown if given is None else _shown(given)
        await self.recorded(connection, Change(kind, name, row["id"], values, shown))

    async def _note(
        self, connection: AsyncConnection, payment: Row, key: str, attempt: Attempt
    ) -> None:
        values = {
            "payment_id": payment["id"],
            "provider": payment["provider"],
            "key": key,
            **attempt.model_dump(),
        }
        ended = {"state": attempt.state, "reason": attempt.reason, "updated_at": func.now()}
        statement = insert(self._attempts).values(**values)
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["key"], set_=ended)
        )

    async def _next_attempt(self, connection: AsyncConnection, payment: Row) -> dict[str, Any]:
        """Note the next attempt to open a payment, before anybody makes it."""
        attempts = self._attempts
        opening = (attempts.c.payment_id == payment["id"], attempts.c.key.startswith("open-"))
        made = await connection.execute(select(func.count()).where(*opening))
        key = f"open-{payment['id']}-{made.scalar_one() + 1}"
        await self._note(connection, payment, key, Attempt(state="sent"))
        return {"attempt": key, "attempted_at": func.clock_timestamp()}

    async def _write_refunds(
        self, connection: AsyncConnection, payment: Row, seen: Seen
    ) -> list[Step]:
        """Bring refunds up to what the provider says; those that were made there are added."""
        refunds, steps = self._refunds, []
        for one in seen.refunds:
            mine = refunds.c.payment_id == payment["id"]
            # An id is believed of the first who has it: it may have been copied, or be of elsewhere.
            asked = and_(refunds.c.id == one.id, refunds.c.reference.is_(None))
            this = or_(refunds.c.reference == one.reference, asked)
            known = select(refunds).where(mine, this)
            before = (await connection.execute(known)).mappings().first()
            if before is None:
                values = one.model_dump(exclude={"id"}) | {"payment_id": payment["id"]}
                if added := await self._insert(connection, refunds, values):
                    steps.append(_part_step("refund", payment, None, added))
                continue
            values = {
                "state": _refund_step(before["state"], one.state),
                "reference": one.reference,
            }
            changed = update(refunds).where(refunds.c.id == before["id"]).values(**values)
            await connection.execute(changed)
            steps.append(_part_step("refund", payment, before["state"], {**before, **values}))
        return steps

    async def _write_disputes(
        self, connection: AsyncConnection, payment: Row, seen: Seen
    ) -> list[Step]:
        disputes, steps = self._disputes, []
        of_payment = disputes.c.payment_id == payment["id"]
        known = select(disputes.c.reference, disputes.c.state).where(of_payment)
        before = {row.reference: row.state for row in await connection.execute(known)}
        for one in seen.disputes:
            values = {**one.model_dump(), "payment_id": payment["id"]}
            told = {"state": one.state, "reason": one.reason, "updated_at": func.now()}
            statement = (
                insert(disputes)
                .values(**values)
                .on_conflict_do_update(constraint="uq_provider_disputes_reference", set_=told)
                .returning(*disputes.c)
            )
            row = dict((await connection.execute(statement)).mappings().one())
            steps.append(_part_step("dispute", payment, before.get(one.reference), row))
            if one.state == "lost":
                await self._move(connection, payment, "dispute", one.reference, one.amount)
        return steps

    async def _disputed(self, connection: AsyncConnection, payment: Row) -> str | None:
        """Say what matters of all disputes: one that is open, or else one that was lost."""
        disputes = self._disputes
        of_payment = disputes.c.payment_id == payment["id"]
        found = await connection.execute(select(disputes.c.state).where(of_payment))
        states = set(found.scalars())
        return next((state for state in ("open", "lost", "won") if state in states), None)

    async def _given_back(self, connection: AsyncConnection, payment: Row) -> int:
        """Write down each refund that was made, and each that has come back since; give the sum."""
        refunds, moved = self._refunds, self._transactions
        ended = (
            refunds.c.payment_id == payment["id"],
            refunds.c.state.in_(("completed", "failed")),
        )
        rows = (await connection.execute(select(refunds).where(*ended))).mappings().all()
        made = (moved.c.payment_id == payment["id"], moved.c.kind == "refund")
        known = set((await connection.execute(select(moved.c.reference).where(*made))).scalars())
        for row in rows:
            reference = row["reference"] or str(row["id"])
            if row["state"] == "completed":
                await self._move(connection, payment, "refund", reference, row["amount"])
            elif reference in known:
                await self._move(connection, payment, "returned", reference, row["amount"])
        return sum(row["amount"] for row in rows if row["state"] == "completed")

    async def _move(
        self, connection: AsyncConnection, payment: Row, kind: str, reference: str, amount: int
    ) -> None:
        """Write down that money moved; each movement is written once."""
        moved = {"kind": kind, "reference": reference, "amount": amount}
        about = {"provider": payment["provider"], "currency": payment["currency"]}
        values = {"payment_id": payment["id"], **about, **moved}
        await self._insert(connection, self._transactions, values)

    async def _left(self, connection: AsyncConnection, payment: Row, amount: int | None) -> int:
        """Say how much a refund gives back; raises Conflict if so much is not left."""
        if payment["state"] != "completed":
            raise Conflict(NOT_PAID)
        if payment["disputed"] in {"open", "lost"}:
            raise Conflict(DISPUTED)
        refunds = self._refunds
        held = func.sum(refunds.c.amount).filter(refunds.c.state != "failed")
        known = select(func.count(), func.coalesce(held, 0)).where(
            refunds.c.payment_id == payment["id"]
        )
        number, taken = (await connection.execute(known)).one()
        if number >= MOST_REFUNDS:
            raise Conflict(TOO_MANY)
        left = payment["amount"] - int(taken)
        if left <= 0 or (amount or left) > left:
            raise Conflict(NOT_LEFT)
        return amount or left


def _payment_step(before: Row | None, now: Row) -> Step:
    return Step(
        kind="payment",
        id=now["id"],
        payment_id=now["id"],
        provider=now["provider"],
        was=before["state"] if before else None,
        state=now["state"],
        amount=now["amount"],
        currency=now["currency"],
        reason=now["reason"],
    )


def _part_step(
    kind: Literal["refund", "dispute"], payment: Row, was: str | None, part: Row
) -> Step:
    return Step(
        kind=kind,
        id=part["id"],
        payment_id=payment["id"],
        provider=payment["provider"],
        was=was,
        state=part["state"],
        amount=part["amount"],
        currency=payment["currency"],
        reason=part["reason"],
    )


def _refund_step(now: str, seen: str) -> str:
    """Give what a refund comes to: one that was made may still fail, and nothing else is undone."""
    if now == "completed":
        return "failed" if seen == "failed" else now
    return now if now == "failed" and seen != "completed" else seen


async def _hold(connection: AsyncConnection, entity: str, record: UUID | None) -> str:
    """Give the table of a record, which stays until the end of the transaction; raises Invalid."""
    table = Base.metadata.tables.get(entity.replace("-", "_"))
    if table is None or not {"id", "version"} <= set(table.columns.keys()):
        raise Invalid(NO_COLLECTION, field="entity")
    held = select(table.c.id).where(table.c.id == record).with_for_update(key_share=True, read=True)
    if (await connection.execute(held)).first() is None:
        raise Invalid(NO_RECORD, field="entity_id")
    return table.name


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _shown(row: Row) -> dict[str, Any]:
    return _without(row, "client_secret", "checkout_url", "metadata")


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}

from uuid import UUID

from sqlalchemy import func, select

from chassis.problems import Conflict
from chassis_payments.data.provider_payments.repository import Payments
from chassis_payments.payments import Attempt, StoredPaymentRead
from chassis_payments.turning import Turned

NOT_NOW = "This payment is open, or in doubt: it stays where it is."


class Turning(Payments):
    """Turns payments to another provider, under a lock on the payment."""

    async def turn(self, payment_id: UUID, version: int, to: Turned) -> StoredPaymentRead:
        """Note the refusal, and an attempt at the other provider under a key of its own.

        Raises Conflict unless the payment is as it was when it was begun.
        """
        async with self.database.begin() as connection:
            payment = await self._locked(connection, payment_id)
            attempts = self._attempts
            states = select(attempts.c.state).where(attempts.c.payment_id == payment_id)
            noted = set((await connection.execute(states)).scalars())
            begun = payment["state"] == "pending" and payment["reference"] is None
            if not begun or noted != {"sent"} or payment["version"] != version:
                raise Conflict(NOT_NOW)
            refused = Attempt(state="refused", reason=to.reason)
            await self._note(connection, payment, payment["attempt"], refused)
            key = f"open-{payment_id}-{to.provider}"
            values = {"provider": to.provider, "attempt": key, "attempted_at": func.now()}
            payment = await self._update(connection, payment, values)
            await self._note(connection, payment, key, Attempt(state="sent"))
        return self.read.model_validate(payment)

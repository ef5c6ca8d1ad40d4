"""What happens in the background when an instalment is paid, or given back."""

from chassis_payments.events import ProviderPaymentCompleted, ProviderPaymentRefunded
from chassis_workers.worker import Worker
from finance_lending_worker import dependencies
from finance_lending_worker.application.settle_instalment import ReopenInstalment, SettleInstalment


async def settle(event: ProviderPaymentCompleted, worker: Worker) -> None:
    """Mark an instalment as paid on the day on which its money came."""
    if event.data.entity == "payments" and event.data.entity_id:
        day = event.occurred_at.date()
        await SettleInstalment(dependencies.instalments(worker))(event.data.entity_id, day)


async def reopen(event: ProviderPaymentRefunded, worker: Worker) -> None:
    """Have an instalment due again when all of its money was given back."""
    paid = event.data
    if paid.entity == "payments" and paid.entity_id and paid.refunded == paid.amount:
        await ReopenInstalment(dependencies.instalments(worker))(paid.entity_id)

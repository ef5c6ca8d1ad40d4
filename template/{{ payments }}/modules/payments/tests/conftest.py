"""Payments from end to end: what is written down is in a real database."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chassis.database import Base, VersionedRecord
from chassis_payments.testing.books import Books, database_server
from chassis_payments.testing.books import books as everything


class Invoice(VersionedRecord, Base):
    """Something to pay for."""

    __tablename__ = "invoices_that_wait_to_be_paid_for"  # longer than those of projects


@pytest.fixture(scope="session")
def payments_database(pytestconfig: pytest.Config) -> Iterator[str]:
    with database_server(pytestconfig.rootpath) as url:
        yield url


@pytest.fixture
async def books(payments_database: str) -> AsyncIterator[Books]:
    async with everything(payments_database) as found:
        yield found

"""The fixture of workers' tests; pytest finds it by this package's entry point.

What is tested is imported late: lines that run before their coverage is measured do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chassis_workers.testing.broker import MemoryBroker
    from chassis_workers.worker import Worker


@pytest_asyncio.fixture
async def broker(worker: Worker) -> AsyncIterator[MemoryBroker]:
    """Have the ``worker`` that the tests define handle what is published here, in memory."""
    from chassis_workers.testing.broker import running  # noqa: PLC0415

    async with running(worker) as broker:
        yield broker

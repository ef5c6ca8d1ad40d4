"""Consumers and jobs."""

import datetime as dt
from typing import Any

import pytest

from chassis_workers.tasks import Job


async def nothing(_due: dt.datetime, _worker: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("30 4 * * *", dt.datetime(2026, 2, 1, 4, 30, tzinfo=dt.UTC)),
        ("*/15 * * * *", dt.datetime(2026, 1, 31, 12, 15, tzinfo=dt.UTC)),
        ("0 0 * * MON", dt.datetime(2026, 2, 2, tzinfo=dt.UTC)),
    ],
)
def test_a_job_is_due_when_its_cron_says_so(cron: str, due: dt.datetime) -> None:
    noon = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)

    assert Job("water", cron, nothing).next_after(noon) == due


@pytest.mark.parametrize("cron", ["", "daily", "61 * * * *", "* * * *"])
def test_a_cron_that_says_nothing_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match="job water: cron must be like"):
        Job("water", cron, nothing)

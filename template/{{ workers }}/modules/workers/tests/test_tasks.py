"""Consumers and jobs."""

import datetime as dt
from typing import Any

import pytest

from chassis.events import Deleted
from chassis_workers.tasks import Consumer, Job


async def nothing(_what: Any, _worker: Any) -> None:
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


@pytest.mark.parametrize("name", ["", "schedule", "water.last", "Water", "water plants"])
def test_a_name_that_no_queue_of_its_own_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the name of a job must be like"):
        Job(name, "0 4 * * *", nothing)
    with pytest.raises(ValueError, match="the name of a consumer must be like"):
        Consumer(name, Deleted, nothing)

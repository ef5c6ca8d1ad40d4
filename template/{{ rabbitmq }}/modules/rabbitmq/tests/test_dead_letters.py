"""Dead letters, without a RabbitMQ."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from chassis_rabbitmq.consuming.dead_letters import age
from chassis_rabbitmq.consuming.delivery import as_it_was

KNOWN_FOR = dt.timedelta(days=14)


class Letter:
    """A message as RabbitMQ hands it out of a queue of dead letters."""

    body = b"{}"
    content_type = "application/json"
    correlation_id = message_id = "m1"
    timestamp = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    back = False
    type = "bed.dug"
    headers = {  # noqa: RUF012  # nobody changes it
        "x-tenant": "t1",
        "x-delivery-count": 7,
        "x-acquired-count": 9,
        "x-death": [{"count": 1}],
        "x-first-death-queue": "garden.water",
        "x-last-death-reason": "rejected",
    }

    async def nack(self, *, requeue: bool) -> None:
        self.back = requeue


@dataclass
class Dead:
    """A queue of dead letters."""

    first: Letter

    async def get(self, *, fail: bool) -> Letter:
        assert not fail
        return self.first


def test_a_message_is_given_again_as_it_was() -> None:
    letter: Any = Letter()

    message = as_it_was(letter)

    assert message.body == b"{}"
    assert message.headers == {"x-tenant": "t1"}
    assert (message.message_id, message.type) == ("m1", "bed.dug")


@pytest.mark.parametrize(
    ("days", "warning"),
    [
        pytest.param(13, "", id="what it wrote is known"),
        pytest.param(
            15, " (older than 14 days: given again, it writes again what it wrote)", id="no"
        ),
    ],
)
async def test_the_age_of_the_first_is_shown(days: int, warning: str) -> None:
    letter = Letter()
    letter.timestamp = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    dead: Any = Dead(letter)

    assert await age(dead, KNOWN_FOR) == f", the first of {letter.timestamp:%Y-%m-%d}{warning}"
    assert letter.back

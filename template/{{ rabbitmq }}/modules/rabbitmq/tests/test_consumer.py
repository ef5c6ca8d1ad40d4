"""What a consumer is, and what it reads."""

from typing import Any, Literal
from uuid import UUID

import pytest

from chassis.events import Created
from chassis_rabbitmq.consuming.consumer import Consumer, check_name
from chassis_rabbitmq.consuming.failures import Refused


class BedDug(Created):
    type: Literal["bed.dug"] = "bed.dug"
    version: Literal[2] = 2
    data: dict[str, int]


async def nothing(_event: Any, _host: Any) -> None:
    pass


WATER = Consumer("water", BedDug, nothing)
DUG = BedDug(subject=UUID(int=7), data={"size": 3})


def test_its_queue_is_that_of_a_version() -> None:
    assert WATER.queue == "water.v2"


def test_an_event_is_read() -> None:
    assert WATER.read(DUG.model_dump_json().encode()) == DUG


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"\xff{", r"not a BedDug: +\(json_invalid\)", id="no JSON"),
        pytest.param(b"{}", r"not a BedDug: subject \(missing\)", id="another thing"),
        pytest.param(
            DUG.model_dump_json(exclude={"id"}).encode(),
            r"not a BedDug: id \(missing\)",
            id="no id",
        ),
        pytest.param(
            DUG.model_dump_json().replace("3", '"secret"', 1).encode(), "not a BedDug: ", id="wrong"
        ),
    ],
)
def test_what_is_something_else_is_refused_without_what_it_holds(body: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        WATER.read(body)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "schedule", "water.last", "Water", "water plants"])
def test_a_name_that_no_queue_of_its_own_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match='the name of a consumer must be like "count_new"'):
        Consumer(name, BedDug, nothing)
    with pytest.raises(ValueError, match=f'the name of a job must be like .* got: "{name}"'):
        check_name("job", name)

"""The events of this project keep what shared/contracts.json promises."""

import json
from typing import Any

import pytest

from chassis.events import Event
from chassis_rabbitmq.contracts import FILE, breaches, published

EVENTS = {event.routing_key(): event for event in published()}


@pytest.fixture
def promised(pytestconfig: pytest.Config) -> dict[str, Any]:
    contracts: dict[str, Any] = json.loads((pytestconfig.rootpath / FILE).read_text("utf-8"))
    return contracts


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_holds_what_was_promised(event: type[Event], promised: dict[str, Any]) -> None:
    version = event.routing_key()
    assert version in promised, f"{version} has no contract: `make contracts` writes it"
    assert breaches(event, promised[version]) == [], f"{version} must become a new version"


def test_what_was_promised_is_still_told(promised: dict[str, Any]) -> None:
    gone = promised.keys() - EVENTS.keys()
    assert not gone, f"{sorted(gone)}: if nobody reads them any more, remove them from {FILE}"

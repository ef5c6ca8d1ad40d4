"""The work list: what a requirement has, where the rest goes, and in which order."""

import copy
from typing import Any

import pytest

from tests.matrix.renderer import Renderer
from tests.support import ROOT, answers_of, extension


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT)


def work(renderer: Renderer, name: str, **changes: Any) -> dict[str, dict[str, Any]]:
    answers = {**copy.deepcopy(answers_of(name)), **changes}
    items = extension().work_list(renderer.variables(answers))
    return {item["id"] or item["title"]: item for item in items}


def test_what_an_operation_meets_is_there_and_tested(renderer: Renderer) -> None:
    api = "services/healthcare_telemedicine_api"

    item = work(renderer, "telemedicine")["FR-002"]

    assert item["state"] == "generated"
    assert item["generated"][1] == {
        "operation": "appointment.update",
        "endpoint": "PATCH /api/v1/appointments/{appointment_id}",
        "use_case": f"{api}/src/healthcare_telemedicine_api/application/appointments/update_appointment.py",
        "test": f"{api}/tests/unit/api/test_appointments.py",
    }
    assert item["write"] == []


def test_acceptance_notes_may_ask_for_more_than_an_operation(renderer: Renderer) -> None:
    item = work(renderer, "task_manager")["FR-001"]

    assert item["state"] == "generated"
    assert [step["phase"] for step in item["write"]] == ["4.2", "4.2", "4.3", "4.3", "4.3", "4.6"]


@pytest.mark.about("workers")
def test_what_is_open_names_its_entity_its_places_and_its_proof(renderer: Renderer) -> None:
    api = "services/finance_lending_api"

    item = work(renderer, "p2p_lending", modules=["workers"])["FR-002"]

    assert (item["state"], item["entities"], item["phase"]) == ("open", ["loan"], "4.3")
    places = {step["file"] for step in item["write"]}
    assert f"{api}/src/finance_lending_api/domain/loan.py" in places
    assert f"{api}/src/finance_lending_api/api/v1/loans.py" in places
    worker = "services/finance_lending_worker/src/finance_lending_worker"
    assert f"{worker}/consumers/<name>.py" in places
    assert f"{worker}/jobs/<name>.py" in places
    assert item["mark"] == '@pytest.mark.requirement("FR-002")'
    assert item["mark"] in item["done_when"]


@pytest.mark.parametrize(
    ("title", "entities"),
    [
        ("Request a loan and plan its payments", ["loan", "payment"]),
        ("Close Escrow Accounts", ["escrow_account"]),
        ("Hold money in escrow", ["escrow_account"]),
        ("Keep a credit score", ["user"]),
        ("Change a status", []),
        ("Overload nothing", []),
    ],
)
def test_a_requirement_is_about_the_entities_of_which_it_speaks(
    title: str, entities: list[str], renderer: Renderer
) -> None:
    asked = [{"id": "FR-001", "title": title, "priority": "must"}]

    item = work(renderer, "p2p_lending", functional_requirements=asked)["FR-001"]

    assert item["entities"] == entities
    assert any("<entity>" in step["file"] for step in item["write"]) is not bool(entities)


def test_what_was_descoped_is_no_work(renderer: Renderer) -> None:
    descoped = {"reason": "later", "approved_by": "Ann"}
    asked = [{"id": "FR-001", "title": "Fly", "priority": "could", "descoped": descoped}]

    item = work(renderer, "task_manager", functional_requirements=asked)["FR-001"]

    assert (item["state"], item["write"]) == ("descoped", [])


@pytest.mark.about("workers")
def test_the_order_is_that_of_the_phases(renderer: Renderer) -> None:
    asked = [
        {"id": "FR-001", "title": "Remind people nightly", "priority": "must"},
        {"id": "FR-002", "title": "Give a loan", "priority": "must"},
    ]
    changes = {"functional_requirements": asked, "modules": ["workers"]}

    items = work(renderer, "p2p_lending", **changes)

    assert [(name, item["phase"]) for name, item in items.items()] == [
        ("FR-002", "4.3"),
        ("FR-001", "4.4"),
        ("NF-001", "4.6"),
    ]


def test_an_integration_is_work_without_an_id(renderer: Renderer) -> None:
    item = work(renderer, "telemedicine")["Video provider"]

    assert (item["kind"], item["id"], item["mark"]) == ("integration", None, None)
    assert item["write"][0]["file"].endswith("/settings.py")


@pytest.mark.about("bot", "files", "realtime", "payments", "communications")
def test_the_phases_of_modules_come_before_testing() -> None:
    phases = [phase["phase"] for phase in extension().catalog()["phases"]]

    assert " ".join(phases) == "4.1 4.2 4.3 4.4 4.5 4.X 4.Y 4.Z 4.A 4.6 4.7 4.8"

"""Every collection of every service: created, read, listed, changed, removed, and refused."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from tests.integration.collections import (
    REFUSED,
    Collection,
    Records,
    collections,
    is_problem,
    unknown,
)
from tests.integration.system import Started, document, system

TIMEOUT_S = 20
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def all_records(services: dict[str, Started]) -> Iterator[dict[str, Records]]:
    """Make records through each of the services."""
    made: dict[str, Records] = {}
    keepers: dict[str, Records] = {}
    with ExitStack() as stack:
        for service in sorted(system().services, key=lambda one: not one.upgrade):
            client = httpx2.Client(base_url=services[service.name].url, timeout=TIMEOUT_S)
            http, described = stack.enter_context(client), document(service.name)
            made[service.name] = Records(http, described, keepers if not service.upgrade else {})
            if service.upgrade:
                paths = [collection.path for collection in collections(described)]
                keepers |= dict.fromkeys(paths, made[service.name])
        yield made


@pytest.fixture(scope="module")
def records(all_records: dict[str, Records], service: str) -> Iterator[Records]:
    """Make records through one service, of which nothing stays for the next one."""
    yield all_records[service]
    for made in all_records.values():
        made.remove_all()


@pytest.fixture
def record(records: Records, collection: Collection) -> dict[str, str]:
    """A record of the collection."""
    return records.create(collection)


def test_a_record_is_found_and_listed(
    records: Records, collection: Collection, record: dict[str, str]
) -> None:
    found = records.http.get(collection.of(record["id"]))
    newest = records.http.get(collection.path, params={"limit": 1})

    assert found.status_code == newest.status_code == 200
    assert found.json() == record
    assert newest.json()["items"] == [record]


def test_pages_follow_one_another(
    records: Records, collection: Collection, record: dict[str, str]
) -> None:
    seen: list[str] = []
    params: dict[str, str | int] = {"limit": 2}
    for _ in range(200):
        page = records.http.get(collection.path, params=params).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]

    assert record["id"] in seen
    assert len(seen) == len(set(seen))


def test_a_record_is_changed(
    records: Records, collection: Collection, record: dict[str, str]
) -> None:
    if "patch" not in collection.one:
        pytest.skip("its records cannot be changed")
    url = collection.of(record["id"])
    body = records.body(collection)
    references = records.references(collection)
    for name in [name for name in body if name not in references and name in record]:
        answer = records.http.patch(url, json={name: body[name]})
        if answer.status_code == 200:
            assert answer.json()[name] == records.http.get(url).json()[name]
        else:  # a rule, or what only one record may have
            is_problem(answer, *REFUSED)
    assert records.http.get(url).status_code == 200


def test_a_record_is_removed(
    records: Records, collection: Collection, record: dict[str, str]
) -> None:
    if "delete" not in collection.one:
        pytest.skip("its records cannot be removed")
    url = collection.of(record["id"])

    answer = records.http.delete(url)

    if answer.status_code == 204:
        is_problem(records.http.get(url), 404)
        is_problem(records.http.delete(url), 404)
    else:
        is_problem(answer, *REFUSED)


def test_what_does_not_exist_is_a_problem(records: Records, collection: Collection) -> None:
    is_problem(records.http.get(collection.of(unknown())), 404)
    is_problem(records.http.get(f"{collection.path}-no-such-collection"), 404)


def test_what_is_not_valid_is_a_problem(records: Records, collection: Collection) -> None:
    is_problem(records.http.post(collection.path, json=[]), 422)
    is_problem(records.http.post(collection.path, content=b"{", headers=JSON), 400, 422)
    is_problem(records.http.post(collection.path, content=b"{}", headers=TEXT), 415)
    is_problem(records.http.get(collection.path, params={"limit": 100_000}), 422)


def test_a_reference_to_nothing_is_a_problem(
    records: Records, collection: Collection, record: dict[str, str]
) -> None:
    references = records.references(collection)
    if not references:
        pytest.skip("its records refer to no others")
    assert record
    for name in references:
        _, body = records.try_to_create(collection)
        answer = records.http.post(collection.path, json=body | {name: unknown()})

        is_problem(answer, *REFUSED)


def test_what_others_refer_to_stays(records: Records, collection: Collection) -> None:
    if "delete" not in collection.one:
        pytest.skip("its records cannot be removed")
    answer, _ = records.try_to_create(collection)
    if answer.status_code != 201:
        pytest.skip("a rule is in the way")
    record = answer.json()
    held = {name: to for name, to in records.references(collection).items() if record.get(name)}
    if not held:
        pytest.skip("its records refer to no others")
    for name, target in held.items():
        is_problem(records.http.delete(f"{target}/{record[name]}"), *REFUSED)


def test_a_second_record_with_the_same_values_is_created_or_a_conflict(
    records: Records, collection: Collection
) -> None:
    _, body = records.try_to_create(collection)

    answer = records.http.post(collection.path, json=body)

    if answer.status_code != 201:
        is_problem(answer, *REFUSED)


def test_data_services_take_what_their_schemas_allow(records: Records, service: str) -> None:
    (one,) = (known for known in system().services if known.name == service)
    if not one.upgrade:
        pytest.skip("it may have rules of its own")
    for collection in collections(document(service)):
        records.create(collection)

"""Writes at the same time: none is lost, whichever service they go through."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx2
import pytest

from tests.integration.collections import Collection, Records
from tests.integration.test_collections import all_records, record, records

__all__ = ["all_records", "record", "records"]

WRITERS = 8  # fewer than the attempts of a use case: none of them can run out


@pytest.fixture
def change(records: Records, collection: Collection, record: dict[str, Any]) -> dict[str, Any]:
    """What may be written any number of times: a field as it is."""
    if "patch" not in collection.one or "version" not in record:
        pytest.skip("its records have no versions, or cannot be changed")
    references = records.references(collection)
    names = [name for name in records.body(collection) if name in record]
    name = next(iter([name for name in names if name not in references] or names))
    return {name: record[name]}


def write(records: Records, url: str, change: dict[str, Any]) -> set[str]:
    """Read and write until nobody was in between; give the version that was written on."""
    while True:
        read = records.http.get(url).headers["ETag"]
        answer = records.http.patch(url, json=change, headers={"If-Match": read})
        if answer.status_code != 412:
            assert answer.status_code == 200, answer.text
            return {read}


def at_once(attempt: Any) -> list[Any]:
    """Make an attempt in many threads."""
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(lambda _: attempt(), range(WRITERS)))


def test_each_write_counts_on_another_version(
    records: Records, collection: Collection, record: dict[str, Any], change: dict[str, Any]
) -> None:
    url = collection.of(record["id"])

    read = at_once(partial(write, records, url, change))

    assert len(set.union(*read)) == WRITERS
    assert records.http.get(url).json()["version"] == record["version"] + WRITERS


def test_of_those_who_read_the_same_version_one_writes(
    records: Records, collection: Collection, record: dict[str, Any], change: dict[str, Any]
) -> None:
    url = collection.of(record["id"])
    headers = {"If-Match": records.http.get(url).headers["ETag"]}

    def attempt() -> httpx2.Response:
        return records.http.patch(url, json=change, headers=headers)

    statuses = sorted(answer.status_code for answer in at_once(attempt))

    assert statuses == [200] + [412] * (WRITERS - 1)
    assert records.http.delete(url, headers=headers).status_code == 412
    assert records.http.get(url).json()["version"] == record["version"] + 1


def test_writes_that_count_on_no_version_are_all_made(
    records: Records, collection: Collection, record: dict[str, Any], change: dict[str, Any]
) -> None:
    url = collection.of(record["id"])

    answers = at_once(partial(records.http.patch, url, json=change))

    assert {answer.status_code for answer in answers} == {200}
    assert records.http.get(url).json()["version"] == record["version"] + WRITERS

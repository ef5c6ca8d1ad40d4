"""What has to be copied is noted with the file that becomes clean, and forgotten once it is copied."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest

from tests.integration.system import Started, system

FILES, DUE = "/api/v1/stored-files", "/api/v1/files-to-copy"


@pytest.fixture
def data(services: dict[str, Started]) -> Iterator[httpx2.Client]:
    (data,) = [one for one in system().services if one.in_database]
    with httpx2.Client(base_url=services[data.name].url) as http:
        yield http


def test_a_clean_file_waits_to_be_copied_until_it_is_or_is_forgotten(data: httpx2.Client) -> None:
    copied, forgotten, other = (begun(data) for _ in range(3))
    for _ in "twice":
        for file_id in (copied, forgotten):
            data.put(f"{FILES}/{file_id}/state", json={"state": "clean"}).raise_for_status()
    assert {copied, forgotten} <= waiting(data)
    assert other not in waiting(data)

    for _ in "twice":
        assert data.delete(f"{DUE}/{copied}").status_code == 204
    for file_id in (copied, forgotten, other):
        data.delete(f"{FILES}/{file_id}/record").raise_for_status()

    assert not waiting(data) & {copied, forgotten, other}


def begun(data: httpx2.Client) -> str:
    """Have a file that has come."""
    file_id = str(uuid4())
    data.put(f"{FILES}/{file_id}", json={"name": "a.txt"}).raise_for_status()
    data.put(f"{FILES}/{file_id}/state", json={"state": "uploaded"}).raise_for_status()
    return file_id


def waiting(data: httpx2.Client) -> set[str]:
    """List what waits."""
    latest = {"sort": "-created_at", "limit": "100"}
    page = data.get(DUE, params=latest).raise_for_status().json()
    return {one["id"] for one in page["items"]}

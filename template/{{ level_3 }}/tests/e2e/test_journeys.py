"""Journeys that hold whatever the domain is; write those of your users beside them."""

from typing import Any

from tests.integration.collections import (
    REFUSED,
    Collection,
    Records,
    collections,
    is_problem,
    unknown,
)

Made = list[tuple[Collection, dict[str, Any]]]


def test_records_from_the_first_day_to_the_last(records: Records) -> None:
    made = create(records)

    for collection, record in made:
        look_at(records, collection, record)
    for collection, record in made:
        change(records, collection, record)
    for collection, record in reversed(made):
        remove(records, collection, record)


def create(records: Records) -> Made:
    """Make a record of each kind, and all that it refers to."""
    made: Made = []
    for collection in collections(records.document):
        answer, _ = records.try_to_create(collection)
        if answer.status_code == 201:
            made.append((collection, answer.json()))
            assert answer.headers["Location"].endswith(collection.of(answer.json()["id"]))
        else:  # a rule of the domain; it says which
            is_problem(answer, *REFUSED)
    assert made, "no record can be made; give examples in the schemas: Field(examples=[...])"
    return made


def look_at(records: Records, collection: Collection, record: dict[str, Any]) -> None:
    """Find it by itself, and among the newest."""
    assert records.http.get(collection.of(record["id"])).json() == record
    newest = records.http.get(collection.path, params={"limit": 100}).json()["items"]
    assert record in newest


def change(records: Records, collection: Collection, record: dict[str, Any]) -> None:
    """Change it once; who has not seen that cannot change it."""
    url = collection.of(record["id"])
    seen = {"If-Match": records.http.get(url).headers["ETag"]}
    body, references = records.body(collection), records.references(collection)
    for name in [name for name in body if name in record and name not in references]:
        if "patch" not in collection.one or body[name] == record[name]:
            continue
        answer = records.http.patch(url, json={name: body[name]}, headers=seen)
        if answer.status_code == 200:
            assert records.http.get(url).json() == answer.json()
            late = records.http.patch(url, json={name: record[name]}, headers=seen)
            is_problem(late, 412)
            return
        is_problem(answer, *REFUSED)


def remove(records: Records, collection: Collection, record: dict[str, Any]) -> None:
    """Remove it, unless others refer to it; then it is nowhere."""
    url = collection.of(record["id"])
    if "delete" not in collection.one:
        return
    answer = records.http.delete(url, headers={"If-Match": records.http.get(url).headers["ETag"]})
    if answer.status_code != 204:
        is_problem(answer, *REFUSED)
        return
    is_problem(records.http.get(url), 404)
    newest = records.http.get(collection.path, params={"limit": 100}).json()["items"]
    assert record["id"] not in {one["id"] for one in newest}


def test_a_reader_walks_through_pages(records: Records) -> None:
    collection, first = create(records)[0]
    others = [records.try_to_create(collection)[0] for _ in range(3)]
    wanted = {first["id"], *(one.json()["id"] for one in others if one.status_code == 201)}

    seen: list[str] = []
    params: dict[str, str | int] = {"limit": 2}
    while not wanted <= set(seen):
        page = records.http.get(collection.path, params=params).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]

    assert wanted <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_mistake_is_told_with_the_id_of_the_request(records: Records) -> None:
    for collection in collections(records.document):
        sent = {"X-Request-ID": "journey-1"}
        for answer, status in (
            (records.http.get(collection.of(unknown()), headers=sent), 404),
            (records.http.post(collection.path, json=[], headers=sent), 422),
        ):
            is_problem(answer, status)
            assert answer.headers["X-Request-ID"] == "journey-1"

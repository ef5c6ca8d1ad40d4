"""What clients do to each collection, found out by trying it once."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx2

from tests.integration.collections import REFUSED, Collection, Records, is_problem


@dataclass(frozen=True)
class Turn:
    """One turn of a client through a collection: a record is made, read, changed and removed.

    What the rules of the domain do not allow to be done again and again is left out.
    """

    path: str
    schema: Mapping[str, Any]
    record: str
    """The id of one that stays, for turns in which none is made."""
    references: Mapping[str, str]
    creates: bool
    changes: str
    """The field that is changed; none where nothing can be."""
    removes: bool


def turns(records: Records, found: Iterator[Collection], *, stays: bool) -> list[dict[str, Any]]:
    """Find the turns; only where it may ``stay`` is a record made that nobody can remove."""
    tried = (_tried(records, collection, stays=stays) for collection in found)
    return [asdict(turn) for turn in tried if turn]


def _tried(records: Records, collection: Collection, *, stays: bool) -> Turn | None:
    answer, _ = records.try_to_create(collection)
    if answer.status_code != 201:
        is_problem(answer, *REFUSED)
        return None
    record = answer.json()
    names = records.references(collection)
    references = {name: record[name] for name in names if name in record}
    body = records.body(collection) | references
    removes = "delete" in collection.one
    creates = removes or stays
    if creates:
        creates = _again(records.http, collection, body, removes=removes)
    return Turn(
        path=collection.path,
        schema=collection.schema,
        record=record["id"],
        references=references,
        creates=creates,
        changes=_changeable(records, collection, record, references),
        removes=removes,
    )


def _again(
    http: httpx2.Client, collection: Collection, body: Mapping[str, Any], *, removes: bool
) -> bool:
    """Say whether a second record may refer to the same ones."""
    answer = http.post(collection.path, json=body)
    if answer.status_code == 201 and removes:
        return http.delete(collection.of(answer.json()["id"])).status_code == 204
    return answer.status_code == 201


def _changeable(
    records: Records, collection: Collection, record: Mapping[str, Any], but: Mapping[str, str]
) -> str:
    """Name a field that takes another value, twice."""
    if "patch" not in collection.one:
        return ""
    url = collection.of(record["id"])
    for name in records.body(collection):
        if name in record and name not in but:
            values = [records.body(collection)[name] for _ in range(2)]
            answers = [records.http.patch(url, json={name: value}) for value in values]
            if {answer.status_code for answer in answers} == {200}:
                return name
    return ""

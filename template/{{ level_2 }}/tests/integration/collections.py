"""Collections as OpenAPI documents describe them, and records in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from chassis.openapi.examples import Examples

PROBLEM = "application/problem+json"
REFUSED = {409, 422}


@dataclass(frozen=True)
class Collection:
    """A path to which records are posted, and below which each of them is."""

    path: str
    create: Mapping[str, Any]
    one: Mapping[str, Any]
    list: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name it by the last part of its path."""
        return self.path.rpartition("/")[2]

    def of(self, record_id: object) -> str:
        """Give the path of a record."""
        return f"{self.path}/{record_id}"


def collections(document: Mapping[str, Any]) -> Iterator[Collection]:
    """Find the collections: a path with POST and GET, and one parameter below it with GET."""
    paths: Mapping[str, Any] = document["paths"]
    for path, methods in paths.items():
        below = [other for other in paths if other.startswith(f"{path}/{{") and other[-1] == "}"]
        ones = [paths[other] for other in below if other.count("/") == path.count("/") + 1]
        if "{" not in path and {"post", "get"} <= methods.keys() and ones and "get" in ones[0]:
            yield Collection(path, methods["post"], ones[0], methods["get"])


@dataclass
class Records:
    """Makes records through one service; what they refer to is made first.

    Which field refers to what is in no document: the service refuses an id that does not exist
    and names the field, and then takes the id of a record of the right collection.
    """

    http: httpx2.Client
    document: Mapping[str, Any]
    serial: int = 0
    targets: dict[tuple[str, str], str] = field(default_factory=dict)
    """Path of the collection that a field of a collection refers to."""

    def body(self, collection: Collection) -> dict[str, Any]:
        """Make a body from the schema; unlike every other one where the schema leaves a choice."""
        self.serial += 1
        schemas = self.document.get("components", {}).get("schemas", {})
        schema = collection.create["requestBody"]["content"]["application/json"]["schema"]
        made: dict[str, Any] = Examples(schemas, self.serial).of(schema)
        return made

    def create(self, collection: Collection) -> dict[str, Any]:
        """Make a record, and all that it has to refer to."""
        answer, body = self.try_to_create(collection)
        assert answer.status_code == 201, (
            f"POST {collection.path} refuses what its own schema allows: {answer.text}\n{body}\n"
            "Say in the schema what is allowed, or give an example: Field(examples=[...])"
        )
        record: dict[str, Any] = answer.json()
        return record

    def try_to_create(self, collection: Collection) -> tuple[httpx2.Response, dict[str, Any]]:
        """Post a body with references that exist; give the last answer."""
        body = self.body(collection)
        self._refer(collection, body)
        answer = self.http.post(collection.path, json=body)
        while answer.status_code == 422 and (name := self._loose(collection, body, answer)):
            self._find_target(collection, body, name)
            answer = self.http.post(collection.path, json=body)
        return answer, body

    def references(self, collection: Collection) -> dict[str, str]:
        """Give the fields that are known to refer to other records, with the path of those."""
        return {name: to for (path, name), to in self.targets.items() if path == collection.path}

    def _refer(self, collection: Collection, body: dict[str, Any]) -> None:
        """Put in the ids of new records, for the fields of which it is known to what they refer."""
        for name, target in self.references(collection).items():
            body[name] = self._id_in(target, but=collection)

    def _id_in(self, path: str, but: Collection) -> str | None:
        if path in {"", but.path}:  # nothing is there to refer to
            return None
        known = {collection.path: collection for collection in collections(self.document)}
        return str(self.create(known[path])["id"])

    def _loose(
        self, collection: Collection, body: Mapping[str, Any], answer: httpx2.Response
    ) -> str | None:
        """Name the blamed field if it may be a reference for which no target is known."""
        known = self.references(collection)
        blamed = [error["field"] for error in answer.json().get("errors", [])]
        loose = [name for name in blamed if name not in known and isinstance(body.get(name), str)]
        return loose[0] if loose else None

    def _find_target(self, collection: Collection, body: dict[str, Any], name: str) -> None:
        """Try the ids of other collections for a field until it is no longer blamed."""
        self.targets[collection.path, name] = ""  # a circle of references comes back to here
        for other in self._likely(collection, name):
            body[name] = self._id_in(other.path, but=collection)
            answer = self.http.post(collection.path, json=body)
            blamed = [error["field"] for error in answer.json().get("errors", [])]
            if answer.status_code == 201 or name not in blamed:
                self.targets[collection.path, name] = other.path
                if answer.status_code == 201:
                    self._again(collection, body)
                return
        body[name] = None

    def _again(self, collection: Collection, body: dict[str, Any]) -> None:
        """Make another body, for the one that was tried has been taken."""
        body.clear()
        body.update(self.body(collection))
        self._refer(collection, body)

    def _likely(self, collection: Collection, name: str) -> list[Collection]:
        """Order the other collections: first those whose name is in the field's."""
        others = [other for other in collections(self.document) if other.path != collection.path]
        return sorted(others, key=lambda other: other.name.replace("-", "_")[:4] not in name)


def is_problem(answer: httpx2.Response, *statuses: int) -> None:
    """Check that an answer is a problem that tells nothing of the inside."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == PROBLEM, answer.text
    assert {"type", "title", "status", "detail", "instance"} <= answer.json().keys()
    for inside in ("Traceback", "sqlalchemy", "asyncpg", "SELECT", "INSERT", "127.0.0.1"):
        assert inside not in answer.text


def unknown() -> str:
    """Give an id that no record has."""
    return str(uuid4())

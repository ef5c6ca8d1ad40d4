"""Collections as OpenAPI documents describe them, and records in them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from chassis.openapi.examples import Examples

PREFIX = "/api/v1/"
PROBLEM = "application/problem+json"
REFUSED = {409, 422}
ACTS_ELSEWHERE = "x-acts-elsewhere"
_REMOVED = {204, 404}
_ATTEMPTS = 40
_DEEPEST = 20
_FOUND: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
"""By the title of a service, the path that a field of a collection was found to refer to."""


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

    @property
    def table(self) -> str:
        """Name the table of its records: modules have collections deeper below, `auth/users`."""
        return self.path.removeprefix(PREFIX).replace("-", "_")

    @property
    def schema(self) -> Mapping[str, Any]:
        """Give the schema of what is posted."""
        schema: Mapping[str, Any]
        schema = self.create["requestBody"]["content"]["application/json"]["schema"]
        return schema

    def of(self, record_id: object) -> str:
        """Give the path of a record."""
        return f"{self.path}/{record_id}"


def collections(document: Mapping[str, Any]) -> Iterator[Collection]:
    """Find the collections: a path with POST and GET, and one parameter below it with GET."""
    paths: Mapping[str, Any] = document["paths"]
    for path, methods in paths.items():
        below = [other for other in paths if other.startswith(f"{path}/{{") and other[-1] == "}"]
        ones = [paths[other] for other in below if other.count("/") == path.count("/") + 1]
        if _takes_records(methods) and "{" not in path and ones and "get" in ones[0]:
            yield Collection(path, methods["post"], ones[0], methods["get"])


def _takes_records(methods: Mapping[str, Any]) -> bool:
    """Say whether there is a list to which JSON is posted, and not a file, for instance.

    What says that it acts elsewhere, where money moves, for instance, has tests of its own.
    """
    post = methods.get("post", {})
    content = post.get("requestBody", {}).get("content", {})
    return "get" in methods and "application/json" in content and ACTS_ELSEWHERE not in post


@dataclass
class Records:
    """Makes records through one service; what they refer to is made first.

    Which field refers to what is in no document: the service refuses an id that does not exist
    and names the field, and then takes the id of a record of the right collection.
    """

    http: httpx2.Client
    document: Mapping[str, Any]
    keepers: Mapping[str, "Records"] = field(default_factory=dict)
    """By path, who keeps the records of a service with rules of its own."""
    serial: int = 0
    made: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    """The collections in which a record is being made, each for the sake of the one before."""
    referred: dict[str, str] = field(default_factory=dict)
    """By path, the record that others refer to: one is enough, unless it must be another each time."""
    targets: dict[tuple[str, str], str] = field(init=False)
    """Path of the collection that a field of a collection refers to; to find it takes many attempts."""
    closed: set[str] = field(default_factory=set)
    """The collections in which a rule lets nobody make a record: one attempt is enough to see it."""
    allowed: dict[tuple[str, str], object] = field(default_factory=dict)
    """Of the values that a schema lists for a field of a collection, the one that a rule takes."""

    def __post_init__(self) -> None:
        self.targets = dict(self._found)

    @property
    def _found(self) -> dict[tuple[str, str], str]:
        return _FOUND[self.document["info"]["title"]]

    def body(self, collection: Collection) -> dict[str, Any]:
        """Make a body from the schema; unlike every other one where the schema leaves a choice."""
        self.serial += 1
        made: dict[str, Any] = Examples(self._schemas, self.serial).of(collection.schema)
        taken = {
            name: value for (path, name), value in self.allowed.items() if path == collection.path
        }
        return made | {name: value for name, value in taken.items() if name in made}

    @property
    def _schemas(self) -> Mapping[str, Any]:
        schemas: Mapping[str, Any] = self.document.get("components", {}).get("schemas", {})
        return schemas

    def create(self, collection: Collection) -> dict[str, Any]:
        """Make a record, and all that it has to refer to.

        A service with rules of its own may refuse what its schema allows. Then the record is made
        where it is kept.
        """
        answer, body = self.try_to_create(collection)
        if answer.status_code in REFUSED and collection.path in self.keepers:
            is_problem(answer, *REFUSED)
            return self.keepers[collection.path].create(collection)
        assert answer.status_code == 201, (
            f"POST {collection.path} refuses what its own schema allows: {answer.text}\n{body}\n"
            "Say in the schema what is allowed, or give an example: Field(examples=[...])"
        )
        record: dict[str, Any] = answer.json()
        return record

    def try_to_create(self, collection: Collection) -> tuple[httpx2.Response, dict[str, Any]]:
        """Post a body with references that exist; give the last answer."""
        self.busy.append(collection.path)
        try:
            for attempt in range(1 if collection.path in self.closed else _ATTEMPTS):
                answer, body = self._attempt(collection, anew=attempt > 0)
                if answer.status_code != 409:  # another record may have the same unique values
                    break
            else:
                self.closed.add(collection.path)
        finally:
            self.busy.pop()
        return answer, body

    def remove_all(self) -> None:
        """Remove what was made, as far as the service lets go of it."""
        left = self.made[::-1]
        for _ in range(2):  # circles of references need another turn
            left = [path for path in left if self.http.delete(path).status_code not in _REMOVED]
        self.made.clear()
        self.referred.clear()
        self.closed.clear()

    def references(self, collection: Collection) -> dict[str, str]:
        """Give the fields that are known to refer to other records, with the path of those."""
        return {name: to for (path, name), to in self.targets.items() if path == collection.path}

    def _attempt(
        self, collection: Collection, *, anew: bool
    ) -> tuple[httpx2.Response, dict[str, Any]]:
        body = self.body(collection)
        self._refer(collection, body, anew=anew)
        answer = self._post(collection, body)
        answer = self._allow(collection, body, answer)
        while answer.status_code == 422 and (name := self._loose(collection, body, answer)):
            self._find_target(collection, body, name)
            answer = self._post(collection, body)
            answer = self._allow(collection, body, answer)
        return answer, body

    def _allow(
        self, collection: Collection, body: dict[str, Any], answer: httpx2.Response
    ) -> httpx2.Response:
        """Try the other values that a schema lists for a field, when a rule blames the one it has."""
        for name in _blamed(answer):
            for value in self._listed(collection, name):
                if answer.status_code == 422 and name in _blamed(answer):
                    self.allowed[collection.path, name] = body[name] = value
                    answer = self._post(collection, body)
        return answer

    def _post(self, collection: Collection, body: Mapping[str, Any]) -> httpx2.Response:
        answer = self.http.post(collection.path, json=body)
        if answer.status_code == 201:
            self.made.append(collection.of(answer.json()["id"]))
        return answer

    def _refer(self, collection: Collection, body: dict[str, Any], *, anew: bool) -> None:
        """Put in the ids of records, for the fields of which it is known to what they refer."""
        known = {other.path: other for other in collections(self.document)}
        for name, target in self.references(collection).items():
            wanted = target in known and (target not in self.busy or self._needs(collection, name))
            body[name] = self._id_in(known[target], anew=anew) if wanted else None

    def _id_in(self, collection: Collection, *, anew: bool) -> str | None:
        """Give a record to refer to; where none can be made there is nothing to refer to."""
        if len(self.busy) > _DEEPEST:  # a circle out of which no way leads
            return None
        if anew or collection.path not in self.referred:
            answer, _ = self.try_to_create(collection)
            keeper = self.keepers.get(collection.path)
            if answer.status_code != 201:
                return keeper._id_in(collection, anew=anew) if keeper else None
            self.referred[collection.path] = str(answer.json()["id"])
        return self.referred[collection.path]

    def _loose(
        self, collection: Collection, body: Mapping[str, Any], answer: httpx2.Response
    ) -> str | None:
        """Name the blamed field if it may be a reference for which no target is known."""
        known = self.references(collection)
        for name in _blamed(answer):
            is_text = isinstance(body.get(name), str) and not self._listed(collection, name)
            if is_text and name not in known:
                return name
        return None

    def _find_target(self, collection: Collection, body: dict[str, Any], name: str) -> None:
        """Try the ids of other collections for a field until it is no longer blamed."""
        if len(self.busy) > 1 and not self._needs(collection, name):
            body[name] = None  # this record is only made for the sake of another
            return
        for other in self._likely(collection, name):
            body[name] = self._id_in(other, anew=False)
            if body[name] is None:
                continue
            answer = self._post(collection, body)
            if name not in _blamed(answer) or answer.status_code == 409:
                self.targets[collection.path, name] = other.path
                self._found[collection.path, name] = other.path
                if answer.status_code == 201:
                    self._again(collection, body)
                return
        # So it refers to records of its own kind, of which there need not be one.
        self.targets[collection.path, name] = ""
        body[name] = None

    def _needs(self, collection: Collection, name: str) -> bool:
        return name in self._resolved(collection.schema).get("required", [])

    def _listed(self, collection: Collection, name: str) -> list[object]:
        """Give the values that the schema lists for a field; none where it may be anything."""
        schema = self._resolved(collection.schema).get("properties", {}).get(name, {})
        found: list[object] = []
        for way in schema.get("anyOf", [schema]):
            found += self._resolved(way).get("enum", [])
        return found

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = schema.get("$ref")
        return self._schemas[reference.rpartition("/")[2]] if reference else schema

    def _again(self, collection: Collection, body: dict[str, Any]) -> None:
        """Make another body, for the one that was tried has been taken."""
        body.clear()
        body.update(self.body(collection))
        self._refer(collection, body, anew=True)

    def _likely(self, collection: Collection, name: str) -> list[Collection]:
        """Order the other collections: first those whose name is in the field's."""
        others = [one for one in collections(self.document) if one.path != collection.path]
        return sorted(others, key=lambda other: other.name.replace("-", "_")[:4] not in name)


def _blamed(answer: httpx2.Response) -> list[str]:
    """Name the fields that an answer finds fault with."""
    if answer.status_code != 422:
        return []
    return [error["field"] for error in answer.json().get("errors", [])]


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

"""One use of a generated API, worked out from the entities: everything that it promises."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

PROBLEM = "application/problem+json"


@dataclass
class Scenario:
    """Drives one running system through the HTTP API at `base`; raises AssertionError."""

    base: str
    model: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    serial: int = 0

    def run(self) -> None:
        """Create every entity, use it in every way, and remove everything again."""
        with httpx2.Client(
            base_url=f"{self.base}/api/v1", timeout=20, headers=self.headers
        ) as http:
            ordered = self.model["tables"]
            for entity in ordered:
                self.creates(http, entity)
            for entity in ordered:
                self.reads(http, entity)
                self.lists(http, entity)
                self.pages(http, entity)
                self.changes(http, entity)
                self.refuses(http, entity)
            self.keeps_what_is_referenced(http)
            for entity in reversed(ordered):
                self.deletes(http, entity)

    def body(self, entity: Mapping[str, Any], *, only_required: bool = False) -> dict[str, Any]:
        """A valid body; unique fields differ from those of every other body."""
        self.serial += 1
        fields = entity["required"] if only_required else entity["fields"]
        return {
            f["name"]: self.value(f)
            for f in fields
            if not f["reference"] or f["reference"] in self.ids
        }

    def value(self, of: Mapping[str, Any]) -> Any:
        """A value of a field, its own where it has to be unique."""
        if of["reference"]:
            return self.ids[of["reference"]]
        sample = eval(of["sample_literal"])  # noqa: S307  (a literal that the tests' own code wrote)
        if not of["unique"]:
            return sample
        return UNIQUE[of["type"]](self.serial, sample)

    def creates(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Create one with all fields."""
        body = self.body(entity)
        answer = http.post(f"/{entity['url']}", json=body)
        assert answer.status_code == 201, answer.text
        record = answer.json()
        assert body.items() <= record.items()
        self.ids[entity["plural"]] = record["id"]

    def reads(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Find it by its id; an unknown or malformed id is a problem."""
        url = f"/{entity['url']}"
        found = http.get(f"{url}/{self.ids[entity['plural']]}")
        assert found.status_code == 200
        assert found.json()["id"] == self.ids[entity["plural"]]
        is_problem(http.get(f"{url}/{uuid4()}"), 404)
        is_problem(http.get(f"{url}/not-an-id"), 422)

    def lists(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Filter by every parameter, sort in every order."""
        url = f"/{entity['url']}"
        record = http.get(f"{url}/{self.ids[entity['plural']]}").json()
        for parameter in (line.split(":")[0] for line in entity["filters"]):
            column = parameter if parameter in record else parameter.rpartition("_")[0]
            value = record[column]
            if value is None:
                continue
            page = http.get(url, params={parameter: value, "limit": 100})
            assert page.status_code == 200, page.text
            assert record in page.json()["items"], parameter
        for sort in entity["sort_values"]:
            assert http.get(url, params={"sort": sort}).status_code == 200, sort

    def pages(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Follow the cursor through all records, each exactly once, in every order."""
        url = f"/{entity['url']}"
        if not any(f["reference"] and f["unique"] for f in entity["fields"]):
            for _ in range(4):
                only_required = http.post(url, json=self.body(entity, only_required=True))
                if entity["unique"] and only_required.status_code == 409:
                    break
                assert only_required.status_code == 201, only_required.text
        everything = {r["id"] for r in http.get(url, params={"limit": 100}).json()["items"]}
        for sort in entity["sort_values"]:
            seen: list[str] = []
            cursor = None
            while True:
                asked = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
                page = http.get(url, params=asked)
                assert page.status_code == 200, page.text
                seen += [record["id"] for record in page.json()["items"]]
                cursor = page.json()["next_cursor"]
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)), sort
            assert set(seen) == everything, sort

    def changes(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Change one field; the others stay, and the time of the change is kept."""
        of = entity["changed"]
        if of["reference"]:
            return
        url = f"/{entity['url']}/{self.ids[entity['plural']]}"
        before = http.get(url).json()
        change = {of["name"]: eval(of["other_sample_literal"])}  # noqa: S307  (as above)
        after = http.patch(url, json=change)
        assert after.status_code == 200, after.text
        moved = {"updated_at": after.json()["updated_at"], "version": before["version"] + 1}
        assert after.json() == before | change | moved
        assert after.json()["updated_at"] > before["updated_at"]
        assert http.patch(url, json={}).json() == after.json()
        seen = {"If-Match": f'"{before["version"]}"'}
        is_problem(http.patch(url, json=change, headers=seen), 412)
        is_problem(http.delete(url, headers=seen), 412)
        assert http.get(url).headers["etag"] == after.headers["etag"] != seen["If-Match"]

    def refuses(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Answer every wrong request with a problem that names the field."""
        url = f"/{entity['url']}"
        body = self.body(entity)
        for of in entity["fields"]:
            for text in of["invalid_json"]:
                invalid = eval(text)  # noqa: S307  (as above)
                names_field(http.post(url, json=body | {of["name"]: invalid}), of["name"])
                names_field(http.patch(f"{url}/{uuid4()}", json={of["name"]: invalid}), of["name"])
        for of in entity["required"]:
            without = {name: value for name, value in body.items() if name != of["name"]}
            names_field(http.post(url, json=without), of["name"])
            names_field(http.post(url, json=body | {of["name"]: None}), of["name"])
        for of in entity["references"]:
            is_problem(http.post(url, json=self.body(entity) | {of["name"]: str(uuid4())}), 422)
        for of in entity["unique"]:
            record = http.get(f"{url}/{self.ids[entity['plural']]}").json()
            twice = self.body(entity) | {of["name"]: record[of["name"]]}
            is_problem(http.post(url, json=twice), 409)
        names_field(http.post(url, json=body | {"no_such_field": 1}), "no_such_field")
        names_field(http.get(url, params={"no_such_filter": 1}), "no_such_filter")
        names_field(http.get(url, params={"limit": 101}), "limit")
        names_field(http.get(url, params={"sort": "no_such_column"}), "sort")
        names_field(http.get(url, params={"cursor": "garbage"}), "cursor")
        is_problem(http.post(url, content=b"{", headers={"content-type": "application/json"}), 400)
        is_problem(http.put(url, json=body), 405)
        is_problem(http.post(url, content=b" " * 2_000_000), 413)
        is_problem(http.get("/no-such-collection"), 404)

    def keeps_what_is_referenced(self, http: httpx2.Client) -> None:
        """Refuse to delete what another record refers to."""
        for entity in self.model["tables"]:
            for of in entity["references"]:
                owner = http.get(f"/{entity['url']}/{self.ids[entity['plural']]}").json()
                if owner[of["name"]] is None:
                    continue
                target = next(e for e in self.model["entities"] if e["plural"] == of["reference"])
                is_problem(http.delete(f"/{target['url']}/{owner[of['name']]}"), 409)

    def deletes(self, http: httpx2.Client, entity: Mapping[str, Any]) -> None:
        """Remove all of them; what is gone is not found."""
        url = f"/{entity['url']}"
        for record in http.get(url, params={"limit": 100}).json()["items"]:
            loose = {f["name"]: None for f in entity["references"] if f["nullable"]}
            if loose:
                assert http.patch(f"{url}/{record['id']}", json=loose).status_code == 200
        for record in http.get(url, params={"limit": 100}).json()["items"]:
            answer = http.delete(f"{url}/{record['id']}")
            assert answer.status_code == 204, answer.text
            is_problem(http.get(f"{url}/{record['id']}"), 404)
            is_problem(http.delete(f"{url}/{record['id']}"), 404)
        assert http.get(url).json() == {"items": [], "next_cursor": None}


# A text may be one character long.
CHARACTERS = string.digits + string.ascii_letters
UNIQUE = {
    "string": lambda n, sample: f"{CHARACTERS[n % len(CHARACTERS)]}{n}{sample}"[
        : max(len(sample), 1)
    ],
    "integer": lambda n, sample: sample + n,
    "decimal": lambda n, sample: sample,
    "date": lambda n, _: f"2026-{1 + n // 28 % 12:02d}-{1 + n % 28:02d}",
    "datetime": lambda n, _: f"2026-01-31T{n // 60 % 24:02d}:{n % 60:02d}:00Z",
    "uuid": lambda _n, _: str(uuid4()),
    "email": lambda n, _: f"someone{n}@example.com",
}


def is_problem(answer: httpx2.Response, status: int) -> None:
    """Check RFC 9457: media type, members, and that nothing internal is told."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= problem.keys()
    assert problem["status"] == status
    for leak in ("Traceback", "sqlalchemy", "asyncpg", "SELECT", "INSERT", "127.0.0.1"):
        assert leak not in answer.text


def names_field(answer: httpx2.Response, name: str) -> None:
    """Check that a refused request says which field is at fault."""
    is_problem(answer, 422)
    assert answer.json()["errors"][0]["field"].split(".")[0] == name, answer.text

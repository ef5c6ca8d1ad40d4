"""A client that takes turns through the collections of a service."""

import time
from collections.abc import Iterator
from itertools import count, cycle
from random import uniform
from typing import Any, ClassVar

from locust import FastHttpUser, task

from chassis.openapi.examples import Examples

BARE = "bare"
CREATED = 201
REFUSED = {409, 412, 422}
_serials: Iterator[int] = count(1000)


class RefusedError(Exception):
    """A rule of the domain, or another client, was in the way: that is no answer to measure."""


class Visitor(FastHttpUser):
    """Makes a record, looks at it, changes and removes it; then goes to the next collection."""

    abstract = True
    service: ClassVar[dict[str, Any]]
    bare: ClassVar[str]
    """The address of the bare route, which is asked before each request; there may be none."""
    pace_s: ClassVar[float]

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._turns = cycle(self.service["turns"])

    def wait_time(self) -> float:
        """Wait about so long between requests: clients do not keep step with each other."""
        return self.pace_s * uniform(0.5, 1.5)  # noqa: S311  # no secret

    def on_start(self) -> None:
        """Begin at another moment than the others."""
        self.wait()  # type: ignore[no-untyped-call]

    def context(self) -> dict[str, Any]:
        """Tell with each answer whose it is."""
        return {"client": id(self)}

    @task
    def take_a_turn(self) -> None:
        """Use one collection."""
        turn = next(self._turns)
        path, made = turn["path"], ""
        if turn["creates"]:
            made = self._ask("POST", path, path, self._body(turn))
        one, named = f"{path}/{made or turn['record']}", f"{path}/{{id}}"
        self._ask("GET", path, path)
        self._ask("GET", one, named)
        if name := turn["changes"]:
            self._ask("PATCH", one, named, {name: self._body(turn)[name]})
        if made and turn["removes"]:
            self._ask("DELETE", one, named)

    def _body(self, turn: dict[str, Any]) -> dict[str, Any]:
        examples = Examples(self.service["schemas"], next(_serials))
        body: dict[str, Any] = examples.of(turn["schema"]) | turn["references"]
        return body

    def _ask(self, method: str, url: str, name: str, body: Any = None) -> str:
        """Send a request, the bare one first; give the id of the record that it made."""
        if self.bare:
            self.client.get(self.bare, name=BARE)
        sent = self.service["headers"]
        with self.client.request(
            method, url, name=name, json=body, headers=sent, catch_response=True
        ) as answer:
            if answer.status_code in REFUSED:
                answer.failure(RefusedError(answer.text))
            made = answer.json()["id"] if answer.status_code == CREATED else ""
        time.sleep(self.wait_time())  # not self.wait(), in which a client may end: first the turn
        return str(made)

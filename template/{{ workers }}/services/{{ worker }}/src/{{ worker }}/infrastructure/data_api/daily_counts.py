{% set e = model.entities[0] %}
{% filter python %}
"""{{ e.plural_words | capitalize }}, kept by the data service."""
from typing import Any
from pydantic import TypeAdapter
from chassis.data_api import Http
from chassis.http_client import raise_for_problem
from chassis.schemas import Page

PATH = "/api/v1/{{ e.url }}"
PAGE_SIZE = 100

# What a record holds does not matter to whoever counts.
_pages = TypeAdapter(Page[dict[str, Any]])


class DataApi{{ e.classes }}:
    """The `{{ e.classes }}` port over the data service's HTTP API."""

    def __init__(self, http: Http, base_url: str) -> None:
        self._http = http
        self._url = f"{base_url.rstrip('/')}{PATH}"

    async def total(self) -> int:
        """Go through all pages, the oldest first: what is new meanwhile is on the last one."""
        params: dict[str, Any] = {"limit": PAGE_SIZE, "sort": "created_at"}
        number = 0
        while True:
            reply = await self._http.get(self._url, params=params)
            raise_for_problem(reply)
            page = _pages.validate_json(reply.body)
            number += len(page.items)
            if page.next_cursor is None:
                return number
            params["cursor"] = page.next_cursor
{% endfilter %}

"""What stands in for somebody is there while it is entered, and gone then."""

import httpx2
import pytest
from aiohttp import web

from chassis.testing.serving import HOST, serving


def test_an_application_is_served_meanwhile() -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    application = web.Application()
    application.add_routes([web.get("/", hello)])

    with serving(application) as port:
        assert httpx2.get(f"http://{HOST}:{port}/").text == "hello"

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://{HOST}:{port}/")

"""The probes of a process, over a real connection."""

from aiohttp.test_utils import unused_port
from httpx2 import AsyncClient

from chassis import probes
from chassis.http_client import HttpClient
from chassis.http_client import Settings as HttpSettings
from chassis.problems import Unavailable
from chassis.process import Process


class Kettle(Process):
    async def work(self) -> None:
        raise NotImplementedError


async def asked(settings: probes.Settings) -> tuple[int, int]:
    kettle = Kettle("kettle", settings)
    kettle.state.http = HttpClient(HttpSettings())
    probes.prepare(kettle, settings)

    async def cold() -> None:
        raise Unavailable("The kettle is cold.")

    kettle.state.checks.add("water", cold)
    url = f"http://127.0.0.1:{settings.probe_port}"
    async with probes.answered(kettle, settings), AsyncClient(base_url=url) as client:
        health, ready = await client.get("/health"), await client.get("/ready")
    return health.status_code, ready.status_code


async def test_a_process_says_that_it_lives_and_what_it_lacks() -> None:
    assert await asked(probes.Settings(probe_port=unused_port())) == (200, 503)


async def test_without_a_port_there_are_no_probes() -> None:
    settings = probes.Settings()
    kettle = Kettle("kettle", settings)
    kettle.state.http = HttpClient(HttpSettings())
    probes.prepare(kettle, settings)

    async with probes.answered(kettle, settings):
        assert kettle.state.checks

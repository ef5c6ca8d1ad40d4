"""The page that shows what happens, for development only."""

import pytest
from httpx2 import AsyncClient

from chassis_realtime.testing.serving import serving


@pytest.mark.parametrize(("wanted", "status"), [(True, 200), (False, 404)])
async def test_the_page_is_there_if_it_is_wanted(*, wanted: bool, status: int) -> None:
    async with serving(realtime_demo=wanted) as served, AsyncClient() as http:
        answer = await http.get(f"http://{served.address}/realtime-demo")

    assert answer.status_code == status
    assert ("<option>beds</option>" in answer.text) is wanted
    if wanted:
        assert "script-src 'unsafe-inline'" in answer.headers["content-security-policy"]

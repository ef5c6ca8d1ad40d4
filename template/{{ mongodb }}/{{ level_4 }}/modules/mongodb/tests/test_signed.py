"""Calls to the document service are signed as those to any other service are."""

import pytest

from chassis.app import build_app
from chassis.features import FeatureSettings
from chassis.http_client import Reply, Request


async def _answer(request: Request) -> Reply:
    return Reply(200, str(request.headers).encode())


@pytest.mark.parametrize(
    ("url", "is_signed"), [("http://documents/api", True), ("http://elsewhere/api", False)]
)
async def test_the_document_service_is_told_who_asks(
    url: str,
    is_signed: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    settings = FeatureSettings(documents_url="http://documents", service_key="k" * 32)
    app = build_app("Garden", [], settings)

    reply = await app.state.signed_calls(Request("GET", url, None, None), _answer)

    assert (b"Authorization" in reply.body) == is_signed

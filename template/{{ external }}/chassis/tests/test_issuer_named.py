"""A service of production without an issuer says that it lets nobody in."""

import pytest

from chassis.access import issuer_named
from chassis.access.issuer_named import NOBODY
from chassis.app import build_app
from chassis.environment import Name
from chassis.features import FeatureSettings

ISSUER = "https://issuer.example"


@pytest.mark.parametrize(
    ("environment", "issuer", "told"),
    [("local", "", []), ("production", ISSUER, []), ("production", "", [NOBODY])],
)
async def test_production_without_an_issuer_says_so(
    environment: Name, issuer: str, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    keys = issuer and f"{issuer}/keys"
    settings = FeatureSettings(app_env=environment, oidc_issuer=issuer, oidc_keys_url=keys)
    app = build_app("Garden", [], settings)

    async with issuer_named.lifespan(app, settings):
        assert caplog.messages == told

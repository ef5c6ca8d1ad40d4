"""Linking: who is logged in gets a token, with which a chat of the bot acts as that account."""

from fastapi import FastAPI
from pydantic import PositiveFloat
from pydantic_settings import BaseSettings

from chassis.bot_linking.keeping import OwnLinks
from chassis.bot_linking.links import PATH, LinkTokens
from chassis.bot_linking.routes import router
from chassis.feature import no_lifespan
from chassis.identity.rules import SIGNED_IN

__all__ = ["Settings", "install", "lifespan"]

OWN_ROUTES = (f"POST {PATH}", f"GET {PATH}", f"DELETE {PATH}/{{link_id}}")


class Settings(BaseSettings):
    """Settings of linking."""

    bot_link_token_life: PositiveFloat = 600
    """Seconds for which a token is good; it is used once."""


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes: for everybody who is logged in, whatever the policy says of others."""
    given, state = app.state.settings, app.state
    # The client of other services as it is here, without the cache that comes later.
    state.own_links = OwnLinks(
        state.http, str(getattr(given, "data_api_url", "")), settings.bot_link_token_life
    )
    state.link_tokens = LinkTokens(
        given.service_key.get_secret_value(), given.service_key_also.get_secret_value()
    )
    taken = dict.fromkeys(OWN_ROUTES, SIGNED_IN)
    state.route_permissions = {**getattr(state, "route_permissions", {}), **taken}
    app.include_router(router)


lifespan = no_lifespan

"""Parts are let in without a token: each comes by a link that is signed."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_files.direct.own import PARTS

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Open their route, whatever the policy says of others."""
    app.state.rules.signed.add(f"PUT {PARTS}")


lifespan = no_lifespan

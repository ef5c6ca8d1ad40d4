"""What messages cost: day by day, together, and what providers bill once they say so."""

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_communications.data.message_costs.repository import MessageCosts
from chassis_communications.data.message_costs.routes import router

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes."""
    app.state.message_costs = MessageCosts(app.state.database)
    app.include_router(router)


lifespan = no_lifespan

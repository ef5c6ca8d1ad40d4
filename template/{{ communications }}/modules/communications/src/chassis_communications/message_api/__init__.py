"""Messages in the business API: asked for, shown and listed; and addresses that get none."""

import sys

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis_communications.declared import DeclaredError
from chassis_communications.message_api import routes, suppression_routes
from chassis_communications.templates import project_templates

__all__ = ["install", "lifespan"]


def install(app: FastAPI, _settings: object) -> None:
    """Add the routes, and read the templates: what is wrong with them is told at the start."""
    try:
        app.state.templates = project_templates()
    except DeclaredError as error:
        sys.exit(str(error))
    app.include_router(routes.router)
    app.include_router(suppression_routes.router)


lifespan = no_lifespan

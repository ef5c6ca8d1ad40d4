"""MongoDB as something that has to work before the document service can do its work."""

from typing import TYPE_CHECKING

from fastapi import FastAPI

from chassis.feature import no_lifespan

if TYPE_CHECKING:
    from chassis_mongodb.documents.mongo import Mongo


def install(app: FastAPI, _settings: object) -> None:
    """Add the check: a command is answered."""
    mongo: Mongo = app.state.mongo
    app.state.checks.add("mongodb", mongo.ping)


lifespan = no_lifespan

"""OpenAPI: what the project, its services and its collections are, and an example of each body."""

from typing import Any

from fastapi import FastAPI

from chassis.feature import no_lifespan
from chassis.openapi.document import add_examples, tags_in_use
from chassis.openapi.project import read_project


def install(app: FastAPI, _settings: object) -> None:
    """Describe the service, and complete its document when it is asked for."""
    project = read_project()
    about = project.services.get(app.state.service.name, "")
    app.description = "\n\n".join(text for text in (about, project.description) if text)
    app.contact = project.contact
    app.license_info = project.license
    written = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = written()
            add_examples(document)
            if tags := tags_in_use(document, project.tags):
                document["tags"] = tags
        return written()

    app.openapi = completed  # type: ignore[method-assign]  # as FastAPI documents it


lifespan = no_lifespan

"""Who got which file is entered in the audit log; who uploaded and deleted it is by itself."""

from uuid import UUID

from fastapi import FastAPI

from chassis.feature import no_lifespan

__all__ = ["install", "lifespan"]

FETCH = "fetch"
BY_LINK = "fetch_by_link"


def install(app: FastAPI, _settings: object) -> None:
    """Tell of every file that is given out: by a link, of who made the link."""
    state = app.state

    def tell(file_id: UUID, by: str | None) -> None:
        state.security_events.tell(FETCH if by is None else BY_LINK, f"files/{file_id}", by)

    state.download_observers.append(tell)


lifespan = no_lifespan

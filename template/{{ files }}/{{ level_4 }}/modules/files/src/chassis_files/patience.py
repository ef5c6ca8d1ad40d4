"""More time for uploads and downloads than for other requests: a file takes as long as it takes."""

from fastapi import FastAPI

from chassis.deadlines import allow_longer
from chassis.feature import no_lifespan
from chassis_files.direct.own import PARTS
from chassis_files.direct.routes import DIRECT
from chassis_files.file_api.delivery import PREFIX
from chassis_files.file_links.signing import LINKS

__all__ = ["install", "lifespan"]

LONGEST_S = 3600


def install(app: FastAPI, _settings: object) -> None:
    """Give them an hour; who sends or reads nothing is cut off much earlier."""
    allow_longer(app, PREFIX, LONGEST_S)
    allow_longer(app, PARTS, LONGEST_S)
    allow_longer(app, f"{DIRECT}/{{file_id}}/completion", LONGEST_S)
    allow_longer(app, f"{PREFIX}/{{file_id}}/content", LONGEST_S)
    allow_longer(app, f"{LINKS}/{{file_id}}", LONGEST_S)


lifespan = no_lifespan

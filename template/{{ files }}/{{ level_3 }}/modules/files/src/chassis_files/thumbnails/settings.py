from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of thumbnails."""

    files_thumbnail_side: Annotated[int, Field(ge=16, le=2048)] = 320
    """Pixels of the longer side of a thumbnail; a picture that is smaller stays as it is."""

"""Settings of the document service, read from the environment."""

from chassis_mongodb.documents import DocumentSettings


class Settings(DocumentSettings):
    """What every document service needs."""

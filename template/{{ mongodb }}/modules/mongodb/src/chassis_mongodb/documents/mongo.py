"""MongoDB as a feature of an application, at ``app.state.mongo``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import _EventListener

from chassis_mongodb.documents.codecs import CODECS
from chassis_mongodb.documents.errors import told
from chassis_mongodb.documents.settings import MongoSettings

type Document = dict[str, Any]


class Mongo:
    """The database, over a pool of connections that belongs to the event loop that opened it."""

    def __init__(self, settings: MongoSettings) -> None:
        self.listeners: list[_EventListener] = []
        """Told of connections and commands; one that joins later than the opening is not."""
        self.max_page_bytes = settings.max_page_bytes
        self.max_time_ms = milliseconds(settings.mongodb_timeout)
        self._settings = settings
        self._client: AsyncMongoClient[Document] | None = None

    @property
    def database(self) -> AsyncDatabase[Document]:
        """The database, while it is open."""
        if self._client is None:
            raise RuntimeError("MongoDB is used before the application runs, or after it")
        return self._client.get_database(self._settings.mongodb_database, codec_options=CODECS)

    def collection(self, name: str) -> AsyncCollection[Document]:
        """Give a collection."""
        return self.database[name]

    async def ping(self) -> None:
        """Ask for an answer; raises Unavailable."""
        with told():
            await self.database.command("ping")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold connections open meanwhile; the first command connects."""
        self._client = connect(self._settings, self.listeners)
        try:
            yield
        finally:
            client, self._client = self._client, None
            await client.close()


def connect(
    settings: MongoSettings, listeners: Sequence[_EventListener] = ()
) -> AsyncMongoClient[Document]:
    """Make a client; what it writes is confirmed when it is on disk.

    It does not repeat what broke off: who asks does, as only he knows for how long.
    """
    password = settings.mongodb_password
    signed_in: dict[str, Any] = {}
    if settings.mongodb_user and password:
        signed_in = {"username": settings.mongodb_user, "password": password.get_secret_value()}
    return AsyncMongoClient(
        settings.mongodb_url,
        **signed_in,
        event_listeners=list(listeners),
        maxPoolSize=settings.mongodb_pool_size,
        serverSelectionTimeoutMS=milliseconds(settings.mongodb_connect_timeout),
        connectTimeoutMS=milliseconds(settings.mongodb_connect_timeout),
        waitQueueTimeoutMS=milliseconds(settings.mongodb_timeout),
        # A second more than the server has, which says itself that it has no time.
        socketTimeoutMS=milliseconds(settings.mongodb_timeout + 1),
        # One connection that watches instead of two: one that is closed while it is being opened
        # is not closed by PyMongo.
        serverMonitoringMode="poll",
        retryReads=False,
        retryWrites=False,
        w="majority",
        journal=True,
    )


def milliseconds(seconds: float) -> int:
    """Give a time as MongoDB takes it."""
    return round(seconds * 1000)


def install(app: FastAPI, settings: MongoSettings) -> None:
    """Give the application its database."""
    app.state.mongo = Mongo(settings)


@asynccontextmanager
async def lifespan(app: FastAPI, _settings: MongoSettings) -> AsyncIterator[None]:
    """Hold the connections open while the application runs."""
    mongo: Mongo = app.state.mongo
    async with mongo.opened():
        yield

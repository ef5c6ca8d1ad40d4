"""Collections, validators and indexes are brought to what the code declares; repeating is harmless."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, PyMongoError

from chassis_mongodb.documents.codecs import CODECS
from chassis_mongodb.documents.collections import ASCENDING, Collection, Keys
from chassis_mongodb.documents.mongo import Document, connect
from chassis_mongodb.documents.settings import MongoSettings

EXPIRY = "expiry"
"""The name of the index by which MongoDB removes what is kept for a time only."""
PATIENCE_S = 300
"""Seconds that one step may take: an index of many documents takes a while."""

logger = logging.getLogger(__name__)


def main(collections: Sequence[Collection], settings: MongoSettings) -> None:
    """Run ``upgrade``; exit with a line that says what failed."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    patient = settings.model_copy(update={"mongodb_timeout": PATIENCE_S})
    try:
        asyncio.run(_connected(collections, patient))
    except PyMongoError as error:
        sys.exit(f"upgrade: {error}")


async def upgrade(database: AsyncDatabase[Document], collections: Sequence[Collection]) -> None:
    """Make what is not there, and change what is not as declared; indexes of others stay."""
    for collection in collections:
        await _collection(database, collection)
        await _indexes(database, collection)


async def _connected(collections: Sequence[Collection], settings: MongoSettings) -> None:
    async with connect(settings) as client:
        database = client.get_database(settings.mongodb_database, codec_options=CODECS)
        await upgrade(database, collections)


async def _collection(database: AsyncDatabase[Document], collection: Collection) -> None:
    validator = {"$jsonSchema": dict(collection.validator)}
    try:
        await database.create_collection(collection.name, validator=validator)
    except CollectionInvalid:  # it is there
        await database.command("collMod", collection.name, validator=validator)
    else:
        logger.info("%s: made", collection.name)


async def _indexes(database: AsyncDatabase[Document], collection: Collection) -> None:
    there = await database[collection.name].index_information()
    for index in collection.indexes:
        options: dict[str, Any] = {"unique": True} if index.unique else {}
        await _index(database, collection.name, there, index.name, index.keys, options)
    if collection.kept_for is None:
        if EXPIRY in there:
            await database[collection.name].drop_index(EXPIRY)
        return
    seconds = round(collection.kept_for.total_seconds())
    expiry: dict[str, Any] = {"expireAfterSeconds": seconds}
    if EXPIRY in there and there[EXPIRY].get("expireAfterSeconds") != seconds:
        await database.command("collMod", collection.name, index={"name": EXPIRY, **expiry})
        return
    await _index(database, collection.name, there, EXPIRY, [("at", ASCENDING)], expiry)


async def _index(  # noqa: PLR0913, PLR0917  # each of them says something of the index
    database: AsyncDatabase[Document],
    collection: str,
    there: Mapping[str, Any],
    name: str,
    keys: Keys,
    options: Mapping[str, Any],
) -> None:
    if (known := there.get(name)) is not None:
        same = list(known["key"]) == list(keys)
        if same and bool(known.get("unique")) == bool(options.get("unique")):
            return
        await database[collection].drop_index(name)
    await database[collection].create_index(list(keys), name=name, **options)
    logger.info("%s: index %s made", collection, name)

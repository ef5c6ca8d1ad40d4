"""What is declared of a collection comes to be, whatever was there."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import WriteError

from chassis_mongodb.documents import Collection, DocumentSettings, Mongo
from chassis_mongodb.documents.collections import Index
from chassis_mongodb.documents.migrations import EXPIRY, main, upgrade

BED = Index("by_bed", [("bed", 1)])
BEDS = Collection("beds", {"bsonType": "object", "required": ["bed"]}, [BED])


@pytest.fixture
async def mongo(mongo_settings: dict[str, Any]) -> AsyncIterator[Mongo]:
    mongo = Mongo(DocumentSettings(**mongo_settings))
    async with mongo.opened():
        yield mongo


async def indexes(mongo: Mongo) -> dict[str, Any]:
    """Give what is there, without what every collection has."""
    found = await mongo.collection("beds").index_information()
    return {name: known for name, known in found.items() if name != "_id_"}


async def test_repeating_changes_nothing(mongo: Mongo) -> None:
    await upgrade(mongo.database, [BEDS])
    once = await indexes(mongo)
    await upgrade(mongo.database, [BEDS])

    assert await indexes(mongo) == once
    assert list(once) == ["by_bed"]


async def test_an_index_that_is_declared_otherwise_is_made_anew(mongo: Mongo) -> None:
    await upgrade(mongo.database, [BEDS])
    await mongo.collection("beds").create_index([("own", 1)], name="own")
    other = Index("by_bed", [("bed", -1)], unique=True)

    await upgrade(mongo.database, [replace(BEDS, indexes=[other])])

    found = await indexes(mongo)
    assert (list(found["by_bed"]["key"]), found["by_bed"]["unique"]) == ([("bed", -1)], True)
    assert "own" in found  # an index of somebody else


async def test_how_long_documents_are_kept_can_change(mongo: Mongo) -> None:
    seconds = []
    for days in (1, 2):
        await upgrade(mongo.database, [replace(BEDS, kept_for=dt.timedelta(days=days))])
        seconds.append((await indexes(mongo))[EXPIRY]["expireAfterSeconds"])
    await upgrade(mongo.database, [BEDS])

    assert seconds == [86400, 172_800]
    assert EXPIRY not in await indexes(mongo)


async def test_a_validator_can_change(mongo: Mongo) -> None:
    await upgrade(mongo.database, [BEDS])
    with pytest.raises(WriteError):
        await mongo.collection("beds").insert_one({"size": 1})

    await upgrade(mongo.database, [replace(BEDS, validator={"required": ["size"]})])

    await mongo.collection("beds").insert_one({"size": 1})


def test_without_mongodb_it_says_so_in_a_line(mongo_nowhere: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match=r"upgrade: .*127\.0\.0\.1:1"):
        main([BEDS], DocumentSettings(**mongo_nowhere))

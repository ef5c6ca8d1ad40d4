"""What is declared of each collection; `make migrate` applies it."""

from chassis_mongodb.documents.collections import ASCENDING, DESCENDING, Collection, Index

ACTIVITIES = Collection(
    name="activities",
    validator={
        "bsonType": "object",
        "required": ["_id", "type", "subject", "at", "moment"],
        "properties": {
            "_id": {"bsonType": "binData"},
            "type": {"bsonType": "string"},
            "subject": {"bsonType": "binData"},
            "at": {"bsonType": "date"},
            "moment": {"bsonType": "long"},
            "data": {"bsonType": ["object", "null"]},
        },
    },
    indexes=[
        Index("by_moment", [("moment", DESCENDING), ("_id", DESCENDING)]),
        Index(
            "by_subject",
            [("subject", ASCENDING), ("moment", DESCENDING), ("_id", DESCENDING)],
        ),
        Index("by_type", [("type", ASCENDING), ("moment", DESCENDING), ("_id", DESCENDING)]),
    ],
    kept_for=None,  # for ever; else dt.timedelta(days=...), after which MongoDB removes them
)

COLLECTIONS = [
    ACTIVITIES,
]

"""Documents: what the document service stands on; it needs the extra ``documents``."""

from chassis_mongodb.documents.app import build_document_app
from chassis_mongodb.documents.collections import Collection
from chassis_mongodb.documents.features import DocumentSettings
from chassis_mongodb.documents.mongo import Mongo
from chassis_mongodb.documents.repository import Documents

__all__ = [
    "Collection",
    "DocumentSettings",
    "Documents",
    "Mongo",
    "build_document_app",
]

"""How the document service is put together."""

from collections.abc import Iterable, Mapping

from fastapi import APIRouter, FastAPI

from chassis.app import assemble
from chassis.features import BUSINESS_FEATURES, FEATURES
from chassis_mongodb.documents.features import DOCUMENT_FEATURES, DocumentSettings


def build_document_app(
    title: str,
    routers: Iterable[APIRouter],
    settings: DocumentSettings,
    problems: Mapping[type[Exception], int] | None = None,
) -> FastAPI:
    """Build a service as ``build_app`` does, with MongoDB at ``app.state.mongo``."""
    common = [feature for feature in FEATURES if feature not in BUSINESS_FEATURES]
    return assemble(title, routers, settings, [*common, *DOCUMENT_FEATURES], problems)

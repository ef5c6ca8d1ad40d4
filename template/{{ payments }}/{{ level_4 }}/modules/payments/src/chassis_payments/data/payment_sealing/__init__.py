"""Sealing: the metadata of payments is encrypted in the database, under keys that can be replaced.

AES-256-GCM; each text says which key it was sealed with. ``python -m
chassis_payments.data.payment_sealing`` seals anew whatever an older key, or none, has.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI
from sqlalchemy.dialects.postgresql import JSONB

from chassis_payments.data.payment_sealing.sealing import MetadataSealer, SealedJson
from chassis_payments.data.payment_sealing.settings import Settings
from chassis_payments.data.provider_payments.model import ProviderPayment

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["Settings", "install", "lifespan", "sealed_with"]

logger = logging.getLogger(__name__)

OPEN = "PAYMENTS_KEY is not set: the metadata of payments is kept as it comes"


def install(_app: FastAPI, settings: Settings) -> None:
    """Seal what is written from now on, and open what is read."""
    sealed_with(settings.payment_keys())


@asynccontextmanager
async def lifespan(_app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Say once, where there is no key, that nothing is sealed."""
    if not settings.payment_keys():
        logger.warning(OPEN)
    yield


def sealed_with(keys: list[str]) -> None:
    """Have the column sealed with the first of the keys; without any it is as migrations made it."""
    column = cast("Table", ProviderPayment.__table__).c.metadata
    column.type = SealedJson(MetadataSealer(keys)) if keys else JSONB()

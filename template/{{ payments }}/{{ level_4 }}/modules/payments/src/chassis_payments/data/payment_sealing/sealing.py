import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from chassis.sealing import Sealer, UnreadableError

logger = logging.getLogger(__name__)

SEALED = "#sealed"
"""The one name in what is sealed: `{"#sealed": "<id of the key>:<text>"}`."""
UNREADABLE = "#unreadable"
"""The one name in what nobody can read: the key is gone, or it was changed. Money goes on without."""


class MetadataSealer:
    """Seals with the first key, and opens with each."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._sealer = Sealer("payments", "provider_payments.metadata", keys)
        self.current = self._sealer.current

    def seal(self, plain: Mapping[str, Any]) -> Mapping[str, Any]:
        """Seal what somebody wants remembered; nothing stays nothing."""
        return {SEALED: self._sealer.seal(json.dumps(plain).encode())} if plain else plain

    def open(self, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what was sealed; what was kept before there was a key is given as it is."""
        match kept:
            case {"#sealed": str(sealed)} if len(kept) == 1:
                return self._opened(sealed)
        return kept

    def _opened(self, sealed: str) -> Mapping[str, Any]:
        try:
            opened: Mapping[str, Any] = json.loads(self._sealer.open(sealed))
        except UnreadableError as error:
            logger.error("Metadata that was sealed with the key %s cannot be read", error.key_id)  # noqa: TRY400
            return {UNREADABLE: error.key_id}
        return opened


class SealedJson(TypeDecorator[Mapping[str, Any]]):
    """A column of JSON that is sealed in the database, and open everywhere else."""

    impl = JSONB
    cache_ok = True

    def __init__(self, sealer: MetadataSealer) -> None:
        super().__init__()
        self.sealer = sealer

    def process_bind_param(
        self, value: Mapping[str, Any] | None, _dialect: Dialect
    ) -> Mapping[str, Any] | None:
        """Seal what is written."""
        return None if value is None else self.sealer.seal(value)

    def process_result_value(
        self, value: Mapping[str, Any] | None, _dialect: Dialect
    ) -> Mapping[str, Any] | None:
        """Open what is read."""
        return None if value is None else self.sealer.open(value)

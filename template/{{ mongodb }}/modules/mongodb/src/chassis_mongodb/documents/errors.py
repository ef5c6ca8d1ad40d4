"""What goes wrong with MongoDB, told without its words."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Inexact

from bson.errors import InvalidDocument
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from chassis.problems import Invalid, OutcomeUnknown, Overloaded, Unavailable

NO_ANSWER = "MongoDB does not answer."
NO_CONNECTION = "MongoDB has too much to do."
NO_CONFIRMATION = "MongoDB did not confirm: it may be stored or not."
UNFIT = "Cannot be stored: a number is out of range, or the document is too large."

_OUTAGES = (ConnectionFailure, ExecutionTimeout, NetworkTimeout, WTimeoutError)
_UNFIT = (InvalidDocument, DocumentTooLarge, OverflowError, Inexact)
_REFUSED_BY_VALIDATOR = 121


@contextmanager
def told() -> Iterator[None]:
    """Raise what MongoDB does not answer as Unavailable: nothing was to be changed."""
    try:
        yield
    except WaitQueueTimeoutError as error:
        raise Overloaded(NO_CONNECTION) from error
    except PyMongoError as error:
        if not _is_outage(error):
            raise
        raise Unavailable(NO_ANSWER) from error


@contextmanager
def told_of_write() -> Iterator[None]:
    """Raise what cannot be stored as Invalid, and OutcomeUnknown where a write broke off."""
    try:
        yield
    except (ServerSelectionTimeoutError, WaitQueueTimeoutError):  # it was never sent
        with told():
            raise
    except _UNFIT as error:
        raise Invalid(UNFIT) from error
    except OperationFailure as error:
        if error.code == _REFUSED_BY_VALIDATOR:
            raise Invalid(UNFIT) from error
        if not _is_outage(error):
            raise
        raise OutcomeUnknown(NO_CONFIRMATION) from error
    except PyMongoError as error:
        if not _is_outage(error):
            raise
        raise OutcomeUnknown(NO_CONFIRMATION) from error


def _is_outage(error: PyMongoError) -> bool:
    return isinstance(error, _OUTAGES) or error.timeout

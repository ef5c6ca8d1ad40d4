"""What the store of files could not do, as a metric; services and workers tell it alike."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter

from chassis_files.storage import ObjectStorage

OPERATIONS: Final = ("put", "read", "copy", "delete", "list", "ping", "direct")


def count_failures(storage: ObjectStorage, registry: CollectorRegistry) -> None:
    """Count what a store cannot do."""
    failures = Counter(
        "files_storage_failures",
        "What the store of files could not do.",
        ["operation"],
        registry=registry,
    )
    for operation in OPERATIONS:  # known from the start: a first failure must show
        failures.labels(operation)
    storage.failure_observers.append(lambda operation: failures.labels(operation).inc())

"""Storage: the bytes of files, in a folder, in memory or at a server that speaks S3."""

from chassis.feature import no_lifespan
from chassis_files.process import Process
from chassis_files.storage.object_storage import ObjectStorage, storage_of
from chassis_files.storage.port import Storage
from chassis_files.storage.settings import Settings

__all__ = ["ObjectStorage", "Settings", "Storage", "install", "lifespan", "storage_of"]


def install(process: Process, settings: Settings) -> None:
    """Open the store; it is at ``state.storage``."""
    process.state.storage = storage_of(settings)


lifespan = no_lifespan

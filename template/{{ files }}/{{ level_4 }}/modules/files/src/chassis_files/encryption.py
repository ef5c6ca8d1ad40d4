"""Encryption at rest: the server of the store encrypts what it keeps, with its key or one of KMS."""

from typing import Literal

from pydantic import model_validator
from pydantic_settings import BaseSettings

from chassis.feature import no_lifespan
from chassis_files.direct.s3 import S3Direct
from chassis_files.process import Process
from chassis_files.storage import storage_of

__all__ = ["Settings", "install", "lifespan"]

KEY_ALONE = "FILES_S3_KMS_KEY_ID takes FILES_S3_ENCRYPTION=aws:kms"


class Settings(BaseSettings):
    """Settings of encryption at rest."""

    files_s3_encryption: Literal["", "AES256", "aws:kms"] = ""
    """AES256 for the key of the server, aws:kms for one of KMS; empty for what the bucket says."""
    files_s3_kms_key_id: str = ""
    """Which key of KMS; empty for that of the account."""

    @model_validator(mode="after")
    def _files_key_has_a_use(self) -> "Settings":
        if self.files_s3_kms_key_id and self.files_s3_encryption != "aws:kms":
            raise ValueError(KEY_ALONE)
        return self


def install(process: Process, settings: Settings) -> None:
    """Have all that is written encrypted, by links too; what is there stays as it is."""
    how, key = settings.files_s3_encryption, settings.files_s3_kms_key_id
    if not how:
        return
    headers: dict[str, str] = {"x-amz-server-side-encryption": how}
    if key:
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = key
    state = process.state
    state.storage.store = storage_of(state.settings, asked_of_store(how, key)).store
    if isinstance(state.direct, S3Direct):
        state.direct.encryption = headers


def asked_of_store(how: str, key: str) -> dict[str, str]:
    """Say how a store encrypts what it is sent; nothing leaves that to the bucket."""
    asked = {"server_side_encryption": how, "sse_kms_key_id": key}
    return {name: said for name, said in asked.items() if said}


lifespan = no_lifespan

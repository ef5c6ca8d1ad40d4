from typing import Annotated, Literal, Self

from pydantic import AfterValidator, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis_files.storage.settings import split_up, usable

KEY_ALONE = "FILES_COPY_S3_KMS_KEY_ID takes FILES_COPY_S3_ENCRYPTION=aws:kms"


def _usable(url: str) -> str:
    return url and usable(url)


class Settings(BaseSettings):
    """Settings of the second store."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # secrets are among them

    files_copy_url: Annotated[str, AfterValidator(_usable)] = ""
    """Where files are copied to, as FILES_URL says it; empty for nowhere."""
    files_copy_s3_endpoint: str = ""
    """Where its S3 answers; empty for that of AWS."""
    files_copy_s3_region: str = "us-east-1"
    files_copy_s3_key_id: str = ""
    files_copy_s3_key: SecretStr | None = None
    files_copy_s3_encryption: Literal["", "AES256", "aws:kms"] = ""
    """How it encrypts what it keeps: AES256 or aws:kms; empty for what the bucket says."""
    files_copy_s3_kms_key_id: str = ""
    """Which key of KMS; empty for that of the account."""
    files_copy_interval: PositiveFloat = 60
    """Seconds until it is asked again what has to be copied."""
    files_copy_keep_days: PositiveInt = 30
    """Days that the copy of a file that was deleted is kept."""

    @model_validator(mode="after")
    def _files_copy_key_has_a_use(self) -> "Settings":
        if self.files_copy_s3_kms_key_id and self.files_copy_s3_encryption != "aws:kms":
            raise ValueError(KEY_ALONE)
        return self

    @model_validator(mode="after")
    def _files_copy_url_is_split_up(self) -> Self:
        """Keep no secret in an address."""
        if place := split_up(self.files_copy_url):
            self.files_copy_url, self.files_copy_s3_endpoint = place.url, place.endpoint
            self.files_copy_s3_key_id, self.files_copy_s3_key = place.key_id, place.key
        return self

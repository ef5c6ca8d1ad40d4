from typing import Annotated

from pydantic import AfterValidator, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis_files.storage.settings import usable


def _usable(url: str) -> str:
    return url and usable(url)


class Settings(BaseSettings):
    """Settings of the second store."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # secrets are among them

    files_copy_url: Annotated[str, AfterValidator(_usable)] = ""
    """Where files are copied to: s3://bucket or file:///folder; empty for nowhere."""
    files_copy_s3_endpoint: str = ""
    """Where its S3 answers; empty for that of AWS."""
    files_copy_s3_region: str = "us-east-1"
    files_copy_s3_key_id: str = ""
    files_copy_s3_key: SecretStr | None = None
    files_copy_interval: PositiveFloat = 60
    """Seconds until it is asked again what has to be copied."""
    files_copy_keep_days: PositiveInt = 30
    """Days that the copy of a file that was deleted is kept."""

from typing import Annotated, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from pydantic import (
    AfterValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis_files.kinds import check_tellable

WITH_SERVER = {"s3+http", "s3+https"}
"""Of addresses that name a bucket, its server and who asks, as `make dev` hands one over."""
SCHEMES = {"file", "memory", "s3", *WITH_SERVER}


def usable(url: str) -> str:
    """Refuse what names no store; raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        msg = f"must begin with one of {', '.join(f'{one}://' for one in sorted(SCHEMES))}"
        raise ValueError(msg)
    if parts.scheme == "s3" and not parts.netloc:
        msg = "must name a bucket: s3://bucket, or s3://bucket/folder"
        raise ValueError(msg)
    if parts.scheme in WITH_SERVER and not (
        parts.hostname and parts.username and parts.password and parts.path.strip("/")
    ):
        msg = "must name all of it: s3+http://<key id>:<key>@host:port/bucket/folder"
        raise ValueError(msg)
    if parts.scheme == "file" and (parts.netloc or not parts.path.strip("/")):
        msg = "must name a folder by its whole path: file:///srv/files"
        raise ValueError(msg)
    return url


class Place(NamedTuple):
    """A bucket, and how it is reached."""

    url: str
    endpoint: str
    key_id: str
    key: SecretStr


def split_up(url: str) -> Place | None:
    """Take apart an address that names the server too; nothing for every other address."""
    parts = urlsplit(url)
    if parts.scheme not in WITH_SERVER:
        return None
    user, _, host = parts.netloc.rpartition("@")
    key_id, _, key = user.partition(":")
    endpoint = f"{parts.scheme.removeprefix('s3+')}://{host}"
    url = f"s3://{parts.path.strip('/')}"
    return Place(url, endpoint, unquote(key_id), SecretStr(unquote(key)))


def _tellable(kinds: frozenset[str]) -> frozenset[str]:
    check_tellable(kinds)
    return kinds


class Settings(BaseSettings):
    """Settings of files, and of the store that has their bytes."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # secrets are among them

    files_url: Annotated[str, AfterValidator(usable)] = "memory://"
    """Where the bytes are: s3://bucket, file:///folder, or memory:// for tests.

    s3+http://<key id>:<key>@host:port/bucket says where S3 answers and who asks, too.
    """
    files_s3_endpoint: str = ""
    """Where S3 answers; empty for that of AWS."""
    files_s3_public_endpoint: str = ""
    """Where clients reach S3, for direct uploads; empty where that is the same."""
    files_s3_region: str = "us-east-1"
    files_s3_key_id: str = ""
    """Who asks; empty for what the machine itself is allowed to do."""
    files_s3_key: SecretStr | None = None
    files_timeout: PositiveFloat = 10
    """Seconds that the store may be silent in a call; it is tried again within them."""
    files_max_bytes: PositiveInt = 536_870_912
    """The largest file that is taken, in bytes."""
    files_part_bytes: Annotated[int, Field(ge=5 * 1024 * 1024)] = 16_777_216
    """Bytes of a part of a direct upload; a file that is not larger comes in one piece."""
    files_link_seconds: Annotated[int, Field(ge=1, le=604_800)] = 900
    """How long a link for a direct upload is good."""
    files_link_key: SecretStr | None = None
    """What links to a folder are signed with; without it they are good for one process."""
    files_kinds: Annotated[frozenset[str], AfterValidator(_tellable)] = frozenset(
        {
            "application/pdf",
            "image/gif",
            "image/jpeg",
            "image/png",
            "image/webp",
            "text/plain",
        }
    )
    """The media types that are taken, told by what is in a file."""

    @model_validator(mode="after")
    def _files_url_is_split_up(self) -> Self:
        """Keep no secret in an address."""
        if place := split_up(self.files_url):
            self.files_url, self.files_s3_endpoint, self.files_s3_key_id, self.files_s3_key = place
        return self

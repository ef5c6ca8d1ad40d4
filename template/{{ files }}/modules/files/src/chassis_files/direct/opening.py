import datetime as dt
import secrets
from urllib.parse import urlsplit

from chassis.problems import Unavailable
from chassis_files.direct.own import OwnDirect
from chassis_files.direct.port import DirectStorage, Link, Part
from chassis_files.direct.s3 import Bucket, S3Direct
from chassis_files.direct.signing import Signer
from chassis_files.storage import ObjectStorage, Settings

NO_KEY = "FILES_S3_KEY_ID and FILES_S3_KEY have to be set for direct uploads."


class Unsigned(S3Direct):
    """A bucket for which there is no key: what takes a signature is refused."""

    def link(self, part: Part) -> Link:  # noqa: ARG002
        """Refuse to sign."""
        raise Unavailable(NO_KEY)

    async def abort(self, key: str, upload_id: str) -> None:
        """Have nothing to remove: no link was ever signed."""

    async def sweep(self, before: dt.datetime) -> int:  # noqa: ARG002
        """Have nothing to sweep up."""
        return 0

    async def _call(self, *_args: object, **_options: object) -> str:
        raise Unavailable(NO_KEY)


def direct_storage(settings: Settings, storage: ObjectStorage) -> DirectStorage:
    """Say how clients write to the store that the settings name."""
    parts, key = urlsplit(settings.files_url), settings.files_s3_key
    if parts.scheme != "s3":
        # Without a key, links are good for this process alone.
        own = settings.files_link_key
        text = own.get_secret_value() if own else secrets.token_hex()
        return OwnDirect(storage, text, settings.files_link_seconds)
    signs = S3Direct if settings.files_s3_key_id and key else Unsigned
    region = settings.files_s3_region
    endpoint = settings.files_s3_endpoint or f"https://s3.{region}.amazonaws.com"
    public = settings.files_s3_public_endpoint or endpoint
    place = f"{parts.netloc}{parts.path.rstrip('/')}"
    return signs(
        storage,
        Signer(settings.files_s3_key_id, key.get_secret_value() if key else "", region),
        Bucket(
            f"{endpoint.rstrip('/')}/{place}",
            f"{public.rstrip('/')}/{place}",
            settings.files_link_seconds,
            settings.files_timeout,
        ),
    )

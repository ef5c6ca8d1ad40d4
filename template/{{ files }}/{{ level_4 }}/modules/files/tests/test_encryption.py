"""What is written to a bucket is to be encrypted there, whichever way it comes."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr, ValidationError
from starlette.datastructures import State

from chassis_files import copies, encryption
from chassis_files.direct.opening import direct_storage
from chassis_files.direct.port import Part
from chassis_files.storage import Settings, storage_of
from chassis_files.testing.kept import pieces
from chassis_files.testing.s3 import BUCKET, KEY, KEY_ID, S3, standing_in
from chassis_files.testing.seaweedfs import installed

HOW, WHICH = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
async def s3() -> AsyncIterator[S3]:
    async with standing_in() as s3:
        yield s3


def opened(s3: S3, **said: Any) -> Any:
    """A process that has the store, with its settings."""
    settings = Settings(
        files_url=f"s3://{BUCKET}",
        files_s3_endpoint=s3.url,
        files_s3_key_id=KEY_ID,
        files_s3_key=SecretStr(KEY),
    )
    return encrypting(settings, **said)


def encrypting(settings: Settings, **said: Any) -> Any:
    """The same for a store that the settings name."""
    storage = storage_of(settings)
    state = State({"storage": storage, "direct": direct_storage(settings, storage)})
    state.settings = settings
    encryption.install(SimpleNamespace(state=state), encryption.Settings(**said))
    return state


async def test_what_is_written_is_encrypted_with_the_key_that_is_named(s3: S3) -> None:
    state = opened(s3, files_s3_encryption="aws:kms", files_s3_kms_key_id="key-7")

    await state.storage.put("through", pieces(b"abc"))
    await state.storage.copy("through", "copied")
    link = state.direct.link(Part("7", 3, ABC, "text/plain"))
    async with httpx2.AsyncClient() as client:
        sent = await client.put(link.url, content=b"abc", headers=dict(link.headers))

    assert sent.status_code == 200
    for key in ("through", "copied", "incoming/7"):
        told = s3.headers[key]
        assert (told[HOW], told[WHICH]) == ("aws:kms", "key-7"), key
    upload = await state.direct.begin("8", "text/plain")
    part = state.direct.link(Part("8", 3, ABC, "text/plain", upload))
    assert HOW not in part.headers
    await state.direct.close()


@pytest.mark.parametrize("how", ["AES256"] if installed() else [])
async def test_a_real_server_says_that_it_encrypts(how: str, request: Any) -> None:
    url = f"{request.getfixturevalue('server').url}/{uuid4()}"
    state = encrypting(Settings(files_url=url), files_s3_encryption=how)
    link = state.direct.link(Part("7", 3, ABC, "text/plain"))

    async with httpx2.AsyncClient() as client:
        sent = await client.put(link.url, content=b"abc", headers=dict(link.headers))
        bare = dict(link.headers)
        del bare[HOW]
        refused = await client.put(link.url, content=b"abc", headers=bare)
    await state.storage.copy("incoming/7", "7")

    assert (sent.status_code, sent.headers[HOW], refused.status_code) == (200, how, 403)
    assert b"".join([part async for part in await state.storage.read("7", 0, 3)]) == b"abc"
    await state.direct.close()


async def test_what_is_not_said_is_left_to_the_bucket(s3: S3) -> None:
    state = opened(s3)

    await state.storage.put("through", pieces(b"abc"))

    assert HOW not in s3.headers["through"]
    await state.direct.close()
    other = opened(s3, files_s3_encryption="AES256")
    await other.storage.put("through", pieces(b"abc"))
    assert s3.headers["through"][HOW] == "AES256"
    await other.direct.close()


async def test_copies_are_encrypted_as_is_said_of_the_second_store(s3: S3) -> None:
    settings = copies.Settings(
        files_copy_url=f"s3://{BUCKET}",
        files_copy_s3_endpoint=s3.url,
        files_copy_s3_key_id=KEY_ID,
        files_copy_s3_key=SecretStr(KEY),
        files_copy_s3_encryption="aws:kms",
        files_copy_s3_kms_key_id="key-8",
    )

    await copies.copies_in(settings).store.put("copied", pieces(b"abc"))

    told = s3.headers["copied"]
    assert (told[HOW], told[WHICH]) == ("aws:kms", "key-8")


class Together(encryption.Settings, copies.Settings):
    """The settings of a worker, which has both."""


@pytest.mark.parametrize("settings", [Together, encryption.Settings])
def test_a_key_without_a_use_is_refused(settings: type[Together]) -> None:
    with pytest.raises(ValidationError, match="takes FILES_S3_ENCRYPTION"):
        settings(files_s3_kms_key_id="key-7")


@pytest.mark.parametrize("settings", [Together, copies.Settings])
def test_a_key_of_copies_without_a_use_is_refused(settings: type[Together]) -> None:
    with pytest.raises(ValidationError, match="takes FILES_COPY_S3_ENCRYPTION"):
        settings(files_copy_s3_kms_key_id="key-7")


def test_the_second_store_takes_an_address_with_a_key() -> None:
    settings = copies.Settings(files_copy_url="s3+https://me:a-key@backup.example/bucket")

    assert settings.files_copy_url == "s3://bucket"
    assert settings.files_copy_s3_endpoint == "https://backup.example"
    assert settings.files_copy_s3_key == SecretStr("a-key")
    assert "a-key" not in repr(settings)

"""A file in a multipart body is read as it comes."""

from collections.abc import AsyncIterator, Sequence

import pytest

from chassis.problems import Invalid, ProblemError
from chassis_files.file_api.multipart import Upload

TYPE = "multipart/form-data; boundary=xyz"
HEAD = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
BODY = HEAD + b"one\r\n--xy two" + b"\r\n--xyz--\r\n"


async def coming(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
    yield b""


async def received(body: bytes, size: int = 7, content_type: str = TYPE) -> tuple[str, bytes]:
    upload = await Upload(content_type, coming(body, size)).opened()
    return upload.name, b"".join([chunk async for chunk in upload.chunks()])


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
async def test_it_is_the_same_however_it_comes(size: int) -> None:
    assert await received(BODY, size) == ("a.txt", b"one\r\n--xy two")


async def test_a_name_may_be_in_any_script() -> None:
    name, _ = await received(BODY.replace(b"a.txt", "ש.txt".encode()))

    assert name == "ש.txt"


@pytest.mark.parametrize("kept", range(1, len(BODY) - 4, 11))
async def test_a_body_that_breaks_off_is_refused(kept: int) -> None:
    with pytest.raises(Invalid):
        await received(BODY[:kept])


SECOND = b'\r\n--xyz\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\nx'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(HEAD.replace(b'"file"', b'"other"') + b"x\r\n--xyz--\r\n", id="field"),
        pytest.param(HEAD.replace(b'; filename="a.txt"', b"") + b"x\r\n--xyz--\r\n", id="no file"),
        pytest.param(BODY.replace(b"\r\n--xyz--", SECOND + b"\r\n--xyz--"), id="two"),
        pytest.param(b"--abc\r\n\r\nx", id="boundary"),
        pytest.param(HEAD[:-4] + b"\r\nX: " + b"y" * 9000 + b"\r\n\r\n", id="header"),
        pytest.param(b"", id="empty"),
    ],
)
async def test_what_is_no_single_file_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        await received(body)


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=xyz"]
)
async def test_other_bodies_are_of_another_type(content_type: str) -> None:
    with pytest.raises(ProblemError) as raised:
        await received(BODY, content_type=content_type)

    assert raised.value.status == 415


def sizes(parts: Sequence[bytes]) -> int:
    return sum(map(len, parts))


async def test_no_more_is_held_than_has_just_come() -> None:
    body = coming(HEAD + b"x" * 100_000 + b"\r\n--xyz--\r\n", 1000)
    upload = await Upload(TYPE, body).opened()

    async for _ in upload.chunks():
        assert sizes(upload._data) <= 1000

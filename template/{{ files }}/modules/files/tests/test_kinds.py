"""What a file is is told by what is in it."""

import pytest
from pydantic import ValidationError

from chassis_files.kinds import TEXT, KindRefused, allowed_kind, is_shown, is_text, kind_of
from chassis_files.storage import Settings

USUAL = Settings().files_kinds


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(9), "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(9), "image/jpeg"),
        (b"GIF89a" + bytes(9), "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"just words, \xc3\xa4\xc3", TEXT),
        (b"a,b\n1,2\n", TEXT),
        (b"BMW and others", TEXT),
        (b"<script>alert(1)</script>", TEXT),
    ],
)
def test_the_usual_kinds_are_told(head: bytes, kind: str) -> None:
    assert allowed_kind(head, USUAL) == kind


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>", id="svg"),
        pytest.param(b"<!DOCTYPE html><html><script>x()</script>", id="html"),
        pytest.param(b"PK\x03\x04" + bytes(30), id="zip"),
        pytest.param(b"MZ" + bytes(60), id="program"),
        pytest.param(b"\x00\x01\x02\x03" * 9, id="unknown"),
        pytest.param(b"text with a \x07 bell", id="control"),
        pytest.param(b"\xff\xfeh\x00i\x00", id="utf-16"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_others_are_refused(head: bytes) -> None:
    with pytest.raises(KindRefused, match="Files may be"):
        allowed_kind(head, USUAL)


def test_a_character_may_be_cut_off_but_none_may_be_wrong() -> None:
    assert is_text("ä".encode()[:1])
    assert not is_text(b"\xff")
    assert kind_of(b"\xff") is None


def test_owners_may_take_more_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILES_KINDS", '["audio/mpeg", "image/png"]')

    assert Settings().files_kinds == {"audio/mpeg", "image/png"}


@pytest.mark.parametrize("kind", ["image/svg+xml", "application/zip", "made/up", "text/html"])
def test_a_kind_that_cannot_be_told_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="cannot be told by the first bytes"):
        Settings(files_kinds=frozenset({kind}))


def test_only_what_runs_nothing_is_shown() -> None:
    assert is_shown("image/png")
    assert is_shown("video/mp4")
    assert not is_shown(TEXT)

"""Pictures are drawn anew, if they are no bombs."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms, ImageSequence

from chassis_files.inspection.pictures import (
    FORMATS,
    MOST_FRAMES,
    MOST_PROFILE,
    TOO_LARGE,
    UNREADABLE,
    PictureRefusedError,
    redrawn,
)

PIXELS = 1_000_000
GPS, ORIENTATION, ON_ITS_SIDE = 0x8825, 0x0112, 6


def picture(form: str, size: tuple[int, int] = (40, 20)) -> bytes:
    """A picture with all that cameras write into it."""
    exif = Image.Exif()
    exif[ORIENTATION] = ON_ITS_SIDE
    exif[0x010F] = "A camera of somebody"
    exif.get_ifd(GPS)[2] = (48.0, 8.0, 0.0)
    out = BytesIO()
    options = {} if form == "GIF" else {"exif": exif}
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_seen_stays_and_nothing_else(kind: str) -> None:
    hidden = b"<script>alert(1)</script>"

    drawn = redrawn(picture(FORMATS[kind]) + hidden, kind, PIXELS)

    with opened(drawn) as found:
        assert found.format == FORMATS[kind]
        assert not found.getexif()
        assert found.size == ((40, 20) if kind == "image/gif" else (20, 40))  # it is turned
    assert hidden not in drawn
    assert b"camera" not in drawn


def test_what_moves_goes_on_moving() -> None:
    out = BytesIO()
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=70, loop=3)

    with opened(redrawn(out.getvalue(), "image/gif", 300)) as found:
        assert (getattr(found, "n_frames", 1), found.info["duration"]) == (3, 70)
    with pytest.raises(PictureRefusedError, match=TOO_LARGE):
        redrawn(out.getvalue(), "image/gif", 299)


@pytest.mark.parametrize("kind", ["image/gif", "image/png", "image/webp"])
def test_each_frame_stays_as_long_and_what_is_transparent_stays_so(kind: str) -> None:
    frames = [Image.new("RGBA", (8, 8)) for _ in range(3)]
    for at, frame in enumerate(frames):
        frame.paste((255, 0, 0, 255), (2 * at, 0, 2 * at + 2, 8))
    durations, out = [40, 200, 1000], BytesIO()
    more = {"disposal": 2} if kind == "image/gif" else {}
    frames[0].save(
        out, FORMATS[kind], save_all=True, append_images=frames[1:], duration=durations, **more
    )

    seen = seen_of(redrawn(out.getvalue(), kind, PIXELS))

    assert [duration for _, duration in seen] == durations
    assert seen == seen_of(out.getvalue())


def seen_of(content: bytes) -> list[tuple[bytes, int]]:
    """Say where each frame is transparent, and how long it is seen."""
    with opened(content) as found:
        return [
            (one.convert("RGBA").getchannel("A").tobytes(), one.info["duration"])
            for one in ImageSequence.Iterator(found)
        ]


@pytest.mark.parametrize("again", [None, 0, 3])
def test_what_moves_begins_again_as_often_as_before(again: int | None) -> None:
    frames, out = [Image.new("L", (4, 4), grey) for grey in (0, 255)], BytesIO()
    more = {} if again is None else {"loop": again}
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], **more)

    with opened(redrawn(out.getvalue(), "image/gif", PIXELS)) as found:
        assert found.info.get("loop") == again


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("image/png", "P"), ("image/png", "RGB"), ("image/png", "L"), ("image/gif", "P")],
)
def test_what_one_colour_makes_transparent_stays_so(kind: str, mode: str) -> None:
    picture, out = Image.new("RGB", (4, 4), "red"), BytesIO()
    picture.paste("blue", (0, 0, 2, 4))
    picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    picture.save(out, FORMATS[kind], transparency=picture.getpixel((3, 3)))

    with opened(redrawn(out.getvalue(), kind, PIXELS)) as found:
        alpha = found.convert("RGBA").getchannel("A")

    assert (alpha.getpixel((0, 0)), alpha.getpixel((3, 3))) == (255, 0)


def swapped() -> bytes:
    """A profile of a screen whose red is green, and something hidden behind it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("image/jpeg", "RGB"), ("image/webp", "RGB")),
        *(("image/png", "RGB"), ("image/png", "RGBA"), ("image/png", "P")),
    ],
)
def test_a_profile_is_drawn_with_and_not_kept(kind: str, mode: str) -> None:
    out, profile = BytesIO(), swapped()
    Image.new("RGB", (16, 16), "#ff0000").convert(mode).save(
        out, FORMATS[kind], icc_profile=profile, quality=100
    )

    drawn = redrawn(out.getvalue(), kind, PIXELS)

    with opened(drawn) as found:
        assert "icc_profile" not in found.info
        red, green, blue = found.convert("RGB").getpixel((8, 8))  # type: ignore[misc]
    assert (red < 10, green > 245, blue < 10) == (True, True, True)


@pytest.mark.parametrize("profile", [b"<script>alert(1)</script>", bytes(MOST_PROFILE + 1)])
def test_a_profile_that_is_none_is_left_out(profile: bytes) -> None:
    out = BytesIO()
    Image.new("RGB", (4, 4), "white").save(out, "JPEG", icc_profile=profile)

    drawn = redrawn(out.getvalue(), "image/jpeg", PIXELS)

    with opened(drawn) as found:
        assert "icc_profile" not in found.info
        assert found.getpixel((1, 1)) == (255, 255, 255)
    assert b"script" not in drawn


def test_a_picture_of_a_printer_becomes_one_of_a_screen() -> None:
    out = BytesIO()
    Image.new("CMYK", (4, 4)).save(out, "JPEG", icc_profile=swapped())

    with opened(redrawn(out.getvalue(), "image/jpeg", PIXELS)) as found:
        assert "icc_profile" not in found.info


def moving(frames: int) -> bytes:
    """A GIF of one pixel, with as many frames: 15 bytes each."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def test_so_many_frames_are_refused_however_small_they_are() -> None:
    with opened(redrawn(moving(MOST_FRAMES), "image/gif", PIXELS)) as found:
        assert found.size == (1, 1)
    with pytest.raises(PictureRefusedError, match=TOO_LARGE):
        redrawn(moving(MOST_FRAMES + 1), "image/gif", PIXELS)


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp"])
def test_no_copy_is_made_of_a_large_picture(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    content = picture(FORMATS[kind])
    monkeypatch.delattr(Image.Image, "copy")

    assert redrawn(content, kind, PIXELS)


def bomb(width: int, height: int) -> bytes:
    """A few hundred bytes that claim to be a picture of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(width * 3 + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(PictureRefusedError, match=TOO_LARGE):
        redrawn(bomb(50_000, 50_000), "image/png", 50_000_000)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(picture("PNG")[:-30], "image/png", id="cut off"),
        pytest.param(picture("PNG"), "image/jpeg", id="another kind"),
        pytest.param(b"GIF89a", "image/gif", id="nothing"),
    ],
)
def test_what_cannot_be_drawn_is_refused(content: bytes, kind: str) -> None:
    with pytest.raises(PictureRefusedError, match=UNREADABLE):
        redrawn(content, kind, PIXELS)

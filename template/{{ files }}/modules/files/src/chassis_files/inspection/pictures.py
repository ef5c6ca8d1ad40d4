"""Pictures are drawn anew: what is seen stays, and nothing that was hidden beside it.

Places, names and devices in the metadata are gone, and so is whatever else a file was besides.
"""

from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, ImageSequence

FORMATS: Final = {
    "image/gif": "GIF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
}
MOST_FRAMES: Final = 1000
"""Of a picture that moves: each takes time and memory, however small it is."""
MOST_PROFILE: Final = 4 * 1024 * 1024
"""Bytes of a profile of colours that is looked at; a longer one is left out."""
SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
TOO_LARGE: Final = "The picture would be too large when it is drawn."
UNREADABLE: Final = "The picture cannot be drawn."

_PROFILED: Final = {"RGB", "RGBA", "CMYK"}
_CLEARED: Final = 2
"""What GIF calls it that a frame is gone before the next one is drawn."""
_OPTIONS: Final[dict[str, dict[str, Any]]] = {"JPEG": {"quality": 90}, "WEBP": {"quality": 90}}

Image.MAX_IMAGE_PIXELS = None  # here it is looked at before anything is drawn


class PictureRefusedError(Exception):
    """A picture is not taken, for a reason that people may read."""


def redrawn(content: bytes, kind: str, max_pixels: int) -> bytes:
    """Draw a picture anew; raises PictureRefusedError."""
    try:
        with Image.open(BytesIO(content), formats=[FORMATS[kind]]) as picture:
            return _drawn(picture, FORMATS[kind], max_pixels)
    except PictureRefusedError:
        raise
    except Exception as error:  # who draws what strangers send meets errors of every kind
        raise PictureRefusedError(UNREADABLE) from error


def _drawn(picture: Image.Image, form: str, max_pixels: int) -> bytes:
    out = BytesIO()
    if picture.width * picture.height > max_pixels:
        raise PictureRefusedError(TOO_LARGE)
    profile = picture.info.get("icc_profile")
    if getattr(picture, "is_animated", False):
        frames, more = _frames(picture, max_pixels), _movement(picture, form)
        more |= {"duration": [frame.info.get("duration", 100) for frame in frames]}
    else:
        frames, more = [picture], {}  # and no copy of it, which would be as large
        ImageOps.exif_transpose(picture, in_place=True)  # which way is up stands in the metadata
    drawn = [_plain(_in_srgb(frame, profile) if profile else frame) for frame in frames]
    if len(drawn) > 1:
        more |= {"save_all": True, "append_images": drawn[1:]}
    drawn[0].save(out, form, **more, **_OPTIONS.get(form, {}))
    return out.getvalue()


def _frames(picture: Image.Image, max_pixels: int) -> list[Image.Image]:
    """Draw one after the other, and no more than may be: to count them all takes as long as it likes."""
    most = min(MOST_FRAMES, max_pixels // (picture.width * picture.height))
    drawn: list[Image.Image] = []
    for frame in ImageSequence.Iterator(picture):
        if len(drawn) == most:
            raise PictureRefusedError(TOO_LARGE)
        drawn.append(frame.copy())
    return drawn


def _movement(picture: Image.Image, form: str) -> dict[str, Any]:
    """Say how the frames follow each other."""
    movement = {"loop": picture.info["loop"]} if "loop" in picture.info else {}
    if form == "GIF" and picture.has_transparency_data:
        movement["disposal"] = _CLEARED  # or the frame before would show through
    return movement


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Draw it in the colours that everybody has: a profile could hide anything, and is not kept."""
    if picture.mode == "P" or "transparency" in picture.info:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode not in _PROFILED or len(profile) > MOST_PROFILE:
        return picture
    try:
        theirs = ImageCms.ImageCmsProfile(BytesIO(profile))
        if picture.mode == "CMYK":
            mapped = ImageCms.profileToProfile(picture, theirs, SRGB, outputMode="RGB")
            return mapped or picture
        ImageCms.profileToProfile(picture, theirs, SRGB, inPlace=True)
    except (ImageCms.PyCMSError, OSError):  # as if there were none
        pass
    return picture


def _plain(picture: Image.Image) -> Image.Image:
    """Leave nothing beside what is seen."""
    seen = {"transparency": picture.info["transparency"]} if "transparency" in picture.info else {}
    picture.info.clear()
    picture.info.update(seen)
    return picture

"""Pictures are drawn anew: what is seen stays, and nothing that was hidden beside it.

Places, names and devices in the metadata are gone, and so is whatever else a file was besides.
"""

from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageOps, ImageSequence

FORMATS: Final = {
    "image/gif": "GIF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
}
MOST_FRAMES: Final = 1000
"""Of a picture that moves: each takes time and memory, however small it is."""
TOO_LARGE: Final = "The picture would be too large when it is drawn."
UNREADABLE: Final = "The picture cannot be drawn."

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
    kept = {"icc_profile": picture.info.get("icc_profile")}  # or its colours would be others
    out = BytesIO()
    if picture.width * picture.height > max_pixels:
        raise PictureRefusedError(TOO_LARGE)
    if getattr(picture, "is_animated", False):
        drawn = _frames(picture, max_pixels)
        kept |= {"duration": picture.info.get("duration", 100), "loop": picture.info.get("loop", 0)}
        more: dict[str, Any] = {"save_all": True, "append_images": drawn[1:]}
    else:
        drawn = [picture]  # and no copy of it, which would be as large
        ImageOps.exif_transpose(picture, in_place=True)  # which way is up stands in the metadata
        more = {}
    for one in drawn:
        one.info.clear()
    kept = {name: value for name, value in kept.items() if value is not None}
    drawn[0].save(out, form, **kept, **more, **_OPTIONS.get(form, {}))
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

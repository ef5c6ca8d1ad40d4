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
            frames = getattr(picture, "n_frames", 1)
            if picture.width * picture.height * frames <= max_pixels:
                return _drawn(picture, FORMATS[kind], frames)
    except Exception as error:  # who draws what strangers send meets errors of every kind
        raise PictureRefusedError(UNREADABLE) from error
    raise PictureRefusedError(TOO_LARGE)


def _drawn(picture: Image.Image, form: str, frames: int) -> bytes:
    kept = {"icc_profile": picture.info.get("icc_profile")}  # or its colours would be others
    out = BytesIO()
    if frames > 1:
        drawn = [frame.copy() for frame in ImageSequence.Iterator(picture)]
        kept |= {"duration": picture.info.get("duration", 100), "loop": picture.info.get("loop", 0)}
        more: dict[str, Any] = {"save_all": True, "append_images": drawn[1:]}
    else:
        drawn = [ImageOps.exif_transpose(picture)]  # which way is up stands in the metadata
        more = {}
    for one in drawn:
        one.info.clear()
    kept = {name: value for name, value in kept.items() if value is not None}
    drawn[0].save(out, form, **kept, **more, **_OPTIONS.get(form, {}))
    return out.getvalue()

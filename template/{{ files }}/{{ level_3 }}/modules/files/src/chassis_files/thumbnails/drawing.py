from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from chassis_files.inspection.pictures import FORMATS, UNREADABLE, PictureRefusedError

FORM: Final = "WEBP"


def thumbnail_of(content: bytes, kind: str, side: int) -> bytes:
    """Draw a small picture of one that was drawn anew before; of one that moves, its beginning.

    How many pixels it has was looked at then. Raises PictureRefusedError.
    """
    try:
        with Image.open(BytesIO(content), formats=[FORMATS[kind]]) as picture:
            picture.draft("RGB", (2 * side, 2 * side))  # a JPEG need not be read at its full size
            mode = "RGBA" if picture.has_transparency_data else "RGB"
            # A copy would be as large as the picture.
            small = picture if picture.mode == mode else picture.convert(mode)
            small.thumbnail((side, side))
            ImageOps.exif_transpose(small, in_place=True)
            small.info.clear()
            out = BytesIO()
            small.save(out, FORM, quality=80)
            return out.getvalue()
    except Exception as error:  # who draws what strangers send meets errors of every kind
        raise PictureRefusedError(UNREADABLE) from error

"""Reads an image file as an upright colour picture, within size limits."""

import io

import cv2
import numpy as np
from humanize import naturalsize
from PIL import Image as Header
from PIL import UnidentifiedImageError

from tpod_core.config import get_settings
from tpod_core.errors import NotAnImage, TooLarge
from tpod_core.video.orientation import Image, Orientation

_HINT = "Send a JPEG, PNG, WebP or another common image."
_EXIF_ORIENTATION = 0x112
_ORIENTATIONS = {
    2: Orientation(0, mirrored=True),
    3: Orientation(2),
    4: Orientation(2, mirrored=True),
    5: Orientation(1, mirrored=True),
    6: Orientation(3),
    7: Orientation(3, mirrored=True),
    8: Orientation(1),
}
"""Source: Exif 2.32 (CIPA DC-008), 4.6.4, tag 274"""


def read_picture(content: bytes) -> Image:
    """Returns the picture in an image file: (H, W, 3) uint8 BGR, turned upright by its EXIF data.

    Raises: TooLarge over ``Settings.max_image_bytes`` or ``max_frame_pixels``, before anything
        is decoded; NotAnImage if the file is not an image, or is cut off.
    """
    require_max_bytes(len(content))
    still_to_turn = _read_header(content)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise NotAnImage(f"This image is damaged or cut off. {_HINT}")
    return still_to_turn.upright(np.asarray(picture, np.uint8))


def require_max_bytes(size_bytes: int) -> None:
    """Raises: TooLarge over ``Settings.max_image_bytes``."""
    limit = get_settings().max_image_bytes
    if size_bytes > limit:
        raise TooLarge(
            f"The image file is larger than {naturalsize(limit)}. Scale it down.", "image"
        )


def _read_header(content: bytes) -> Orientation:
    """Check the size from the header alone: a small file can decode to gigabytes.

    Returns: the orientation that OpenCV leaves to us: it turns every format's pictures but AVIF's.
    """
    try:
        with Header.open(io.BytesIO(content)) as header:
            width, height = header.size
            exif = header.getexif() if header.format == "AVIF" else {}
    except Header.DecompressionBombError as error:
        raise _too_many_pixels() from error
    # ImportError: Ultralytics, where it is loaded, makes Pillow look for a HEIF reader.
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, ImportError) as error:
        raise NotAnImage(f"This file is no image that can be read. {_HINT}") from error
    if width * height > get_settings().max_frame_pixels:
        raise _too_many_pixels()
    return _ORIENTATIONS.get(exif.get(_EXIF_ORIENTATION, 1), Orientation())


def _too_many_pixels() -> TooLarge:
    limit = get_settings().max_frame_pixels
    return TooLarge(
        f"The image has more than the {limit / 1e6:.0f} million pixels that this installation "
        "accepts. Scale it down.",
        "image",
    )

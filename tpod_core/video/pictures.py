"""Reads an image file as an upright colour picture, within size limits."""

import io

import cv2
import numpy as np
from humanize import naturalsize
from PIL import Image as Header
from PIL import UnidentifiedImageError

from tpod_core.config import get_settings
from tpod_core.errors import NotAnImage, TooLarge
from tpod_core.video.orientation import Image

_HINT = "Send a JPEG, PNG, WebP or another common image."


def read_picture(content: bytes) -> Image:
    """Returns the picture in an image file: (H, W, 3) uint8 BGR, turned upright by its EXIF data.

    Raises: TooLarge over ``Settings.max_image_bytes`` or ``max_frame_pixels``, before anything
        is decoded; NotAnImage if the file is not an image, or is cut off.
    """
    _require_max_size(content)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise NotAnImage(f"This image is damaged or cut off. {_HINT}")
    return np.asarray(picture, np.uint8)


def require_max_bytes(size_bytes: int) -> None:
    """Raises: TooLarge over ``Settings.max_image_bytes``."""
    limit = get_settings().max_image_bytes
    if size_bytes > limit:
        raise TooLarge(
            f"The image file is larger than {naturalsize(limit)}. Scale it down.", "image"
        )


def _require_max_size(content: bytes) -> None:
    """Check the size from the header alone: a small file can decode to gigabytes."""
    require_max_bytes(len(content))
    try:
        with Header.open(io.BytesIO(content)) as header:
            width, height = header.size
    except Header.DecompressionBombError as error:
        raise _too_many_pixels() from error
    # ImportError: Ultralytics, where it is loaded, makes Pillow look for a HEIF reader.
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, ImportError) as error:
        raise NotAnImage(f"This file is no image that can be read. {_HINT}") from error
    if width * height > get_settings().max_frame_pixels:
        raise _too_many_pixels()


def _too_many_pixels() -> TooLarge:
    limit = get_settings().max_frame_pixels
    return TooLarge(
        f"The image has more than the {limit / 1e6:.0f} million pixels that this installation "
        "accepts. Scale it down.",
        "image",
    )

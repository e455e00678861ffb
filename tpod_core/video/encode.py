"""JPEG encoding, shared by display, previews and training sets so that they agree."""

import cv2

from tpod_core.errors import InvalidInput
from tpod_core.video.orientation import Image

DEFAULT_QUALITY = 90
MAX_JPEG_SIDE_PX = 65_500
"""The limit of the JPEG library; the format itself has room for 65,535."""


def encode_jpeg(image_bgr: Image, quality: int = DEFAULT_QUALITY) -> bytes:
    """Encodes ``image_bgr`` as a JPEG file; ``quality`` is 1 to 100.

    Raises: InvalidInput if a side is longer than ``MAX_JPEG_SIDE_PX``.
    """
    height, width = image_bgr.shape[:2]
    if max(height, width) > MAX_JPEG_SIDE_PX:
        raise InvalidInput(
            f"A picture of {width:,} × {height:,} pixels is too large for a JPEG file: no side may "
            f"be longer than {MAX_JPEG_SIDE_PX:,}. Scale it down, and upload it again."
        )
    encoded, buffer = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert encoded, f"no JPEG of an image of shape {image_bgr.shape}"
    return buffer.tobytes()


def scaled_down(image_bgr: Image, width: int | None) -> Image:
    """Scales the image to ``width`` pixels and to what a JPEG file holds; never enlarges it.

    It keeps its aspect ratio.
    """
    own_width = image_bgr.shape[1]
    wanted = 1.0 if width is None else width / own_width
    return _scaled(image_bgr, min(wanted, _fitting_scale(image_bgr, MAX_JPEG_SIDE_PX)))


def scaled_to_fit(image_bgr: Image, longest_side_px: int) -> Image:
    """Scales the image down until no side is longer, keeping its aspect ratio."""
    return _scaled(image_bgr, _fitting_scale(image_bgr, longest_side_px))


def _fitting_scale(image_bgr: Image, longest_side_px: int) -> float:
    return float(longest_side_px / max(image_bgr.shape[:2]))


def _scaled(image_bgr: Image, scale: float) -> Image:
    if scale >= 1:
        return image_bgr
    height, width = (max(1, round(side * scale)) for side in image_bgr.shape[:2])
    scaled = cv2.resize(image_bgr, (width, height), interpolation=cv2.INTER_AREA)
    return scaled.astype(image_bgr.dtype, copy=False)

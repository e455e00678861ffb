"""JPEG encoding, shared by display, previews and training sets so that they agree."""

import cv2

from tpod_core.video.orientation import Image

DEFAULT_QUALITY = 90


def encode_jpeg(image_bgr: Image, quality: int = DEFAULT_QUALITY) -> bytes:
    """Encodes ``image_bgr`` as a JPEG file; ``quality`` is 1 to 100."""
    encoded, buffer = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert encoded, f"no JPEG of an image of shape {image_bgr.shape}"
    return buffer.tobytes()


def scaled_down(image_bgr: Image, width: int | None) -> Image:
    """Scales the image to ``width`` pixels, keeping its aspect ratio; never enlarges it."""
    own_height, own_width = image_bgr.shape[:2]
    if width is None or width >= own_width:
        return image_bgr
    height = max(1, round(own_height * width / own_width))
    scaled = cv2.resize(image_bgr, (width, height), interpolation=cv2.INTER_AREA)
    return scaled.astype(image_bgr.dtype, copy=False)

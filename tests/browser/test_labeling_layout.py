"""The labelling screen fits the window, with as much on it as there ever is."""

import pytest

from tests.browser.annotator import Annotator, track

pytestmark = pytest.mark.browser

CROWD = {
    "others": [{"username": "annabel", "seen_s": 1.0}, {"username": "bertram", "seen_s": 2.0}],
    "effort": {
        "seconds": 36_000,
        "human_boxes": 12_345,
        "boxes": 99_999,
        "boxes_per_human_box": 8.1,
    },
    "progress": {"labelled_frames": 0, "frames": 60},
}
_OVERFLOWING = """
([width, height]) => {
  const root = [...document.querySelectorAll("*")]
    .map((element) => element.shadowRoot?.querySelector(".annotator")).find(Boolean)
  const faults = []
  const page = document.scrollingElement
  if (page.scrollHeight > height || page.scrollWidth > width) faults.push("the page scrolls")
  const whole = root.getBoundingClientRect()
  if (whole.left < 0 || whole.right > width || whole.bottom > height) faults.push("it sticks out")
  for (const bar of root.querySelectorAll("header, nav")) {
    const seen = [...bar.children].filter((child) => child.getClientRects().length)
    const rects = seen.map((child) => child.getBoundingClientRect())
    const edge = bar.getBoundingClientRect().right + 1
    rects.forEach((rect, at) => {
      const name = seen[at].className
      if (rect.right > edge) faults.push(name + " is cut off")
      if (at && rect.left < rects[at - 1].right - 1) faults.push(name + " overlaps")
    })
  }
  for (const part of root.querySelectorAll("aside section")) {
    const { bottom, right } = part.getBoundingClientRect()
    const sticksOut = bottom > whole.bottom + 1 || right > whole.right + 1
    if (sticksOut) faults.push(part.className + " sticks out")
    if (part.scrollWidth > part.clientWidth + 1) faults.push(part.className + " is too wide")
  }
  return faults
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=["720p", "1080p"])
def test_screen_fits_the_window(annotator: Annotator, size: tuple[int, int], scheme: str):
    width, height = size
    page = annotator.page
    boxes = [[30.0 * n, 20.0, 30.0 * n + 25, 60.0] for n in range(20)]
    annotator.put_tracks(
        *(track("cup", (0, box), proposed=n % 2 == 0, score=0.7) for n, box in enumerate(boxes))
    )
    page.route("**/presence", lambda route: route.fulfill(json=CROWD))
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    annotator.open()
    annotator.wait_scale_over(0.6 * width / annotator.frame_wh[0])
    annotator.press("Tab")
    page.locator(".annotator .people").wait_for()
    assert page.evaluate(_OVERFLOWING, [width, height]) == []

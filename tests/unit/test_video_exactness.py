"""Real videos, odd and broken ones among them: the frame shown is the frame asked for."""

from pathlib import Path

import pytest

from tests import frame_truth
from tests.frame_truth import TrueVideo, Way, judge, true_videos

pytestmark = pytest.mark.slow

SMALL_FRAMES = 90
REWRITTEN = {
    "ax_iibbibb_editlist_videoonly.mp4",
    "ax_sample_edit_list_no_sync_frame_before_edit.mp4",
    "h264_corrupt_middle.mp4",
    "h264_opengop.ts",
}
SLOW_TO_DECODE = {"ax_sample_edit_list_no_sync_frame_before_edit.mp4", "portrait_4k60.mp4"}
BROKEN = {"empty.mp4", "h264_truncated_nomoov.mp4"}


def few_of_many(count: int) -> list[int]:
    """All frames of a small video forwards; of others their ends; then back, then jumps."""
    forwards = range(count) if count <= SMALL_FRAMES else [*range(12), *range(count - 12, count)]
    backwards = range(count - 1, -1, -max(1, count // 4))
    return [*forwards, *backwards, count // 3, 1 % count, count // 2]


def one_of_each_kind(count: int) -> list[int]:
    """For frames that take long: the ends and the middle."""
    return [0, count - 1, count // 2, count // 2 + 1]


@pytest.mark.parametrize(
    "video",
    true_videos(frame_truth.shared_data()),
    ids=lambda video: video.path.name.replace(".", "_"),
)
def test_frame_read_is_the_true_one(video: TrueVideo, tmp_path: Path) -> None:
    name = video.path.name
    order = one_of_each_kind if name in SLOW_TO_DECODE else few_of_many
    verdict = judge(video, tmp_path, order)
    expected = (
        Way.REJECTED if name in BROKEN else Way.NORMALISED if name in REWRITTEN else Way.NATIVE
    )
    assert verdict.mismatches == 0
    assert verdict.way is expected


def test_real_videos_were_tried(shared_data: Path) -> None:
    """Without the data the test above has no cases: this one says so by being skipped."""
    assert len(list(true_videos(shared_data))) > 30

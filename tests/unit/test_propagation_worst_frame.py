"""Which frame is proposed for correction; uncertainties by hand."""

import numpy as np
import pytest

from tests.labelled import add_video, annotate
from tpod_core import db
from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.reading import load_tracks
from tpod_core.geometry import Box
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation.gap_results import WorstFrame
from tpod_core.propagation.gaps import gaps
from tpod_core.propagation.store import FilledGap, save
from tpod_core.services import propagation
from tpod_core.services.annotations import KeyframeDoc, TrackDoc

BOX = Box(10, 20, 40, 60)
pytestmark = pytest.mark.usefixtures("queue")


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def label(admin: User, video: Video, *frames: int, end: int, proposed: bool = False) -> TrackDoc:
    keyframes = [KeyframeDoc(frame, BOX) for frame in frames]
    return TrackDoc(None, "cup", (*keyframes, KeyframeDoc(end, BOX, outside=True)), proposed)


def fill(video: Video, unsure: dict[int, float], reach: int | None = None) -> None:
    """Fill every gap, sure everywhere but on these frames; a forward one up to ``reach``."""
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        for state in load_tracks(session, saved_id(video)).values():
            for gap in gaps(state.ordered(), row):
                stop = gap.stop if gap.right or reach is None else reach
                frames = range(gap.left.frame + 1, stop)
                boxes = np.tile(np.float32(BOX.xyxy), (len(frames), 1))
                values = np.array([unsure.get(frame, 0.0) for frame in frames], np.float32)
                found = DerivedBoxes(frames[0], boxes, values)
                save(session, saved_id(video), FilledGap(gap, gap.stop, "", found))


def known(video: Video) -> propagation.Propagation:
    with db.read_session() as session:
        return propagation.status(session, session.get_one(Video, video.id))


def worst(video: Video) -> WorstFrame | None:
    return known(video).worst


def frame_of(found: WorstFrame | None) -> int | None:
    return found and found.frame


def test_the_middle_of_the_most_unsure_stretch_is_proposed(admin: User, video: Video) -> None:
    (made,) = annotate(admin, video, label(admin, video, 0, 40, 90, end=91)).tracks
    fill(video, {20: 1.0, 60: 0.5, 61: 0.8, 62: 0.5})
    assert worst(video) == WorstFrame(made.id or 0, 61, 0.8)


def test_frames_next_to_a_key_frame_are_never_proposed(admin: User, video: Video) -> None:
    annotate(admin, video, label(admin, video, 10, 50, end=51))
    fill(video, {11: 1, 12: 1, 48: 1, 49: 1} | dict.fromkeys(range(18, 23), 1))
    assert frame_of(worst(video)) in range(18, 23)
    annotate(admin, video, label(admin, video, 10, 15, end=16))
    fill(video, {11: 1, 12: 1, 13: 1, 14: 1})
    assert worst(video) is None


def test_a_frame_of_an_evenly_unsure_gap_is_its_middle(admin: User, video: Video) -> None:
    annotate(admin, video, label(admin, video, 0, 20, 60, end=61))
    fill(video, dict.fromkeys(range(100), 0.25))
    assert worst(video) in (WorstFrame(1, 39, 0.25), WorstFrame(1, 40, 0.25))


def test_tracks_that_are_not_accepted_have_corrections_and_are_never_the_worst(
    admin: User, video: Video
) -> None:
    annotate(
        admin,
        video,
        label(admin, video, 0, 20, end=21),
        label(admin, video, 30, 50, end=51),
        label(admin, video, 60, 80, end=81, proposed=True),
    )
    fill(video, {10: 0.5, 40: 0.75, 70: 1.0})
    assert frame_of(worst(video)) == 40
    gaps_of = [track.gaps for track in known(video).tracks]
    assert [best.frame for (gap, *_) in gaps_of if (best := gap.correction)] == [10, 40, 70]


def test_the_last_tracked_frame_may_be_proposed(admin: User, video: Video) -> None:
    annotate(admin, video, TrackDoc(None, "cup", (KeyframeDoc(10, BOX),)))
    fill(video, {13: 0.9}, reach=14)
    assert frame_of(worst(video)) == 13


def test_where_all_is_sure_nothing_is_proposed(admin: User, video: Video) -> None:
    annotate(admin, video, label(admin, video, 10, 50, end=51))
    fill(video, {})
    assert worst(video) is None


def test_where_nothing_was_propagated_nothing_is_proposed(admin: User, video: Video) -> None:
    annotate(admin, video, label(admin, video, 10, 50, end=51))
    assert worst(video) is None

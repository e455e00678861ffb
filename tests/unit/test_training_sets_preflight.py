"""Preflight says something, or nothing, about any labels at all, and never fails."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tpod_core.annotations.document import KeyframeDoc, LabelDoc, TrackState
from tpod_core.annotations.ranges import union
from tpod_core.annotations.validator import LEAST_SIDE_PX
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box
from tpod_core.training_sets.box_checks import size_jumps
from tpod_core.training_sets.box_table import box_table
from tpod_core.training_sets.labelled_videos import LabelledVideo, MissedLabel
from tpod_core.training_sets.plan import make_plan
from tpod_core.training_sets.preflight import findings_of
from tpod_core.training_sets.spec import TrainingSetSpec
from tpod_core.training_sets.statistics import statistics_of
from tpod_core.training_sets.warnings import warnings_of
from tpod_core.video.times import FrameTimes

LABELS = ("cup", "👩‍🚀 cup")
HALF = {"val_fraction": 0.5, "guard_frames": 0}


def keyframe(frame: int, box: Box, *, outside: bool = False) -> KeyframeDoc:
    return KeyframeDoc(frame, box, outside=outside)


def labelled(
    tracks: list[TrackState],
    *,
    frame_count: int = 100,
    fps: float = 10,
    frame_wh: tuple[int, int] = (640, 360),
    ranges: tuple[tuple[int, int], ...] = (),
    missed: tuple[MissedLabel, ...] = (),
) -> LabelledVideo:
    return LabelledVideo(
        video_id=1,
        name="Kitchen",
        sha256="",
        revision=1,
        frame_count=frame_count,
        frame_wh=frame_wh,
        fps=fps,
        labels=tuple(LabelDoc(name, "#ff0000", n) for n, name in enumerate(LABELS, start=1)),
        tracks=dict(enumerate(tracks, start=1)),
        ranges=ranges,
        missed=missed,
    )


@st.composite
def videos(draw: st.DrawFn) -> LabelledVideo:
    """Any video that the database can hold, however odd."""
    frame_count = draw(st.sampled_from([1, 2, 9, 520, 20_000]))
    width, height = draw(st.sampled_from([(1, 1), (16, 16), (640, 360), (4000, 100)]))
    frames = st.integers(0, frame_count - 1)

    def span(size: int) -> tuple[float, float]:
        low, high = sorted((draw(st.floats(0, size)), draw(st.floats(0, size))))
        return (low, high) if high - low >= LEAST_SIDE_PX else (0.0, float(size))

    def box() -> Box:
        (x1, x2), (y1, y2) = span(width), span(height)
        return Box(x1, y1, x2, y2)

    def track() -> TrackState:
        at = sorted(draw(st.sets(frames, min_size=1, max_size=4)))
        keys = {frame: keyframe(frame, box(), outside=draw(st.booleans())) for frame in at}
        return TrackState(draw(st.integers(1, len(LABELS))), keys)

    def stretch() -> tuple[int, int]:
        start, stop = sorted((draw(frames), draw(frames)))
        return start, stop + 1

    return labelled(
        [track() for _ in range(draw(st.integers(1, 3)))],
        frame_count=frame_count,
        fps=draw(st.sampled_from([0.0, 1e-9, 0.4, 1.0, 29.97, 1000.0])),
        frame_wh=(width, height),
        ranges=union(stretch() for _ in range(draw(st.integers(0, 2)))),
        missed=tuple(
            MissedLabel(draw(frames), LABELS[0], box()) for _ in range(draw(st.integers(0, 2)))
        ),
    )


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(video=videos(), stride=st.sampled_from([1, 7]), crops=st.sampled_from([0, 1]))
def test_preflight_fails_on_no_labels_at_all(video: LabelledVideo, stride: int, crops: int) -> None:
    spec = TrainingSetSpec.model_validate(
        {
            "videos": [{"video_id": 1}],
            "split": HALF,
            "sampling": {"stride": stride},
            "negatives": {"background_crops": crops},
        }
    )
    try:
        plan = make_plan(spec, [video])
    except InvalidInput:
        return  # It says what is missing: no frame, or none for one of the two parts.
    tables = [box_table(plan, each) for each in plan.videos]
    warnings_of(plan, statistics_of(plan, tables), batch=4)
    for finding in findings_of(plan, tables).listed:
        assert finding.sentence
        assert 0 <= finding.frame_index < video.frame_count


@pytest.mark.parametrize(("seconds", "is_jump"), [(0.1, True), (1.0, False), (513.0, False)])
def test_growth_is_allowed_by_the_time_between_key_frames(seconds: float, is_jump: bool) -> None:
    """From 10 x 10 to 20 x 20 pixels: four times the area; a second allows 6.4 times."""
    last = round(seconds * 10)
    keys = {0: keyframe(0, Box(0, 0, 10, 10)), last: keyframe(last, Box(0, 0, 20, 20))}
    video = labelled([TrackState(1, keys)], frame_count=last + 10)
    spec = TrainingSetSpec.model_validate({"videos": [{"video_id": 1}], "split": HALF})
    plan = make_plan(spec, [video])
    assert bool(list(size_jumps(plan, box_table(plan, plan.videos[0])))) is is_jump


@pytest.mark.parametrize(("seconds", "is_jump"), [(0.1, True), (60.0, False)])
def test_growth_is_allowed_by_the_frames_own_times_where_the_rate_varies(
    seconds: float, is_jump: bool
) -> None:
    keys = {3: keyframe(3, Box(0, 0, 10, 10)), 4: keyframe(4, Box(0, 0, 20, 20))}
    times = FrameTimes(np.array([0, 1, 2, 3, *(3 + seconds + n for n in range(96))]))
    video = replace(labelled([TrackState(1, keys)]), frame_times=times)
    spec = TrainingSetSpec.model_validate({"videos": [{"video_id": 1}], "split": HALF})
    plan = make_plan(spec, [video])
    assert bool(list(size_jumps(plan, box_table(plan, plan.videos[0])))) is is_jump

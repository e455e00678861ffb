"""Loads the labelled videos of a training set, as of one moment."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel import Session, col, select

from tpod_core.annotations import reading
from tpod_core.annotations.document import LabelDoc, TrackState
from tpod_core.annotations.ranges import Range
from tpod_core.geometry import Box, iou
from tpod_core.models import Finding, Verdict, Video, saved_id
from tpod_core.propagation.store import with_derived
from tpod_core.video.times import FrameTimes, frame_times

_UNCLEAR = (Verdict.OPEN, Verdict.MISSED_LABEL)
"""A detection with one of these verdicts may be an object without a label."""


@dataclass(frozen=True)
class MissedLabel:
    """A detection that a person marked as a missed label."""

    frame: int
    label: str
    box: Box


@dataclass(frozen=True)
class RefusedBox:
    """A detection in which a person saw no object."""

    frame: int
    box: Box


@dataclass(frozen=True)
class LabelledVideo:
    """A video with its annotations at ``revision``, without proposed tracks.

    ``hard_negatives`` are fully labelled frames on which a person refused every unmatched
    detection. ``refused`` are the refused detections on frames that are not fully labelled.
    ``frame_times`` are by default those of a constant rate of ``fps``.
    """

    video_id: int
    name: str
    sha256: str
    revision: int
    frame_count: int
    frame_wh: tuple[int, int]
    fps: float
    labels: tuple[LabelDoc, ...]
    tracks: dict[int, TrackState]
    ranges: tuple[Range, ...]
    held_out: bool = False
    hard_negatives: tuple[int, ...] = ()
    refused: tuple[RefusedBox, ...] = ()
    missed: tuple[MissedLabel, ...] = ()
    frame_times: FrameTimes | None = field(default=None, compare=False, repr=False)

    @cached_property
    def times(self) -> FrameTimes:
        return self.frame_times or FrameTimes.at_rate(self.frame_count, self.fps)


def load_labelled_video(session: Session, video: Video) -> LabelledVideo:
    video_id = saved_id(video)
    findings = _load_findings(session, video)
    ranges = reading.load_ranges(session, video_id)
    tracks = with_derived(session, video, reading.load_tracks(session, video_id))
    return LabelledVideo(
        video_id=video_id,
        name=video.name,
        sha256=video.sha256,
        revision=video.revision,
        frame_count=video.frame_count,
        frame_wh=video.frame_wh,
        fps=video.fps,
        labels=reading.load_labels(session, video_id),
        tracks={track_id: state for track_id, state in tracks.items() if not state.proposed},
        ranges=ranges,
        held_out=video.held_out,
        hard_negatives=_hard_negatives(findings, ranges),
        refused=_refused_boxes(findings, ranges),
        missed=tuple(
            MissedLabel(row.frame_index, row.label, row.box)
            for row in findings
            if row.verdict is Verdict.MISSED_LABEL
        ),
        frame_times=frame_times(video),
    )


def _load_findings(session: Session, video: Video) -> list[Finding]:
    query = (
        select(Finding)
        .where(Finding.video_id == video.id, col(Finding.frame_index) < video.frame_count)
        .order_by(col(Finding.frame_index), col(Finding.id))
    )
    return list(session.exec(query))


def _hard_negatives(findings: list[Finding], ranges: tuple[Range, ...]) -> tuple[int, ...]:
    """Returns the fully labelled frames with a refused detection and none that may be an object."""
    refused = {row.frame_index for row in findings if row.verdict is Verdict.NEGATIVE}
    unclear = {row.frame_index for row in findings if row.verdict in _UNCLEAR}
    return tuple(frame for frame in sorted(refused - unclear) if _is_in(ranges, frame))


def _refused_boxes(findings: list[Finding], ranges: tuple[Range, ...]) -> tuple[RefusedBox, ...]:
    """Returns the refused detections on the other frames that touch none that may be an object."""
    unclear: dict[int, list[Box]] = defaultdict(list)
    for row in findings:
        if row.verdict in _UNCLEAR:
            unclear[row.frame_index].append(row.box)
    return tuple(
        RefusedBox(row.frame_index, row.box)
        for row in findings
        if row.verdict is Verdict.NEGATIVE
        and not _is_in(ranges, row.frame_index)
        and not any(iou(row.box, other) > 0 for other in unclear[row.frame_index])
    )


def _is_in(ranges: tuple[Range, ...], frame: int) -> bool:
    return any(start <= frame < stop for start, stop in ranges)

"""A detector's tracks become proposals where nothing is labelled."""

from tpod_core.annotations.detected import Observation
from tpod_core.annotations.document import AnnotationDoc, FrameBox
from tpod_core.geometry import Box
from tpod_core.inference.proposals import Candidate, FrameSampling, observed_frames, propose
from tpod_core.services.annotations import AddTrack

SAMPLING = FrameSampling(step=5, samples_per_s=6.0)
HERE, THERE = Box(10, 20, 60, 80), Box(110, 20, 160, 80)


def seen(label: str, box: Box, *frames: int) -> Candidate:
    return Candidate(label, 0.9, tuple(Observation(frame, box) for frame in frames))


def test_only_the_boxes_of_observed_frames_are_needed() -> None:
    found = [seen("cup", HERE, 10, 15, 20), seen("bus", THERE, 20, 25)]
    assert observed_frames(found) == [10, 15, 20, 25]
    labelled = FrameBox(7, "cup", HERE, "manual", occluded=False, keyframe=True)
    boxes = ((frame, [labelled]) for frame in observed_frames(found))
    proposal = propose(found, AnnotationDoc(3), boxes, (), SAMPLING, frame_count=100)
    (added,) = proposal.edits
    assert isinstance(added, AddTrack)
    assert added.track.label == "bus"
    assert [each.frame for each in added.track.keyframes if each.outside] == [28]

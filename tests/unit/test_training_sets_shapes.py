"""Sizes, aspects and places of the boxes of a set, by hand."""

import json
from dataclasses import asdict

from tests.labelled import add_video, annotate
from tests.training_sets import preview, spec
from tpod_core.geometry import Box
from tpod_core.models import User
from tpod_core.services.annotations import KeyframeDoc, TrackDoc
from tpod_core.services.training_sets import Statistics
from tpod_core.training_sets.shapes import Histogram, Shapes

SPLIT = {"guard_frames": 0, "val_fraction": 0.5}


def statistics(user: User, *boxes: Box, image_size: int = 640) -> Statistics:
    """Of a set with ``boxes`` of cups on each of two frames of 640 x 360 pixels."""
    video = add_video(user, frame_count=2)
    tracks = (TrackDoc(None, "cup", (KeyframeDoc(0, box),)) for box in boxes)
    annotate(user, video, *tracks, ranges=[(0, 2)])
    return preview(user, spec(video.id, split=SPLIT, image_size=image_size)).statistics


def shapes(user: User, *boxes: Box, image_size: int = 640) -> Shapes:
    found = statistics(user, *boxes, image_size=image_size).shapes
    assert found is not None
    return found


def filled(histogram: Histogram) -> dict[tuple[float | None, float | None], int]:
    ends = zip(histogram.edges, histogram.edges[1:], strict=False)
    return {end: count for end, count in zip(ends, histogram.counts, strict=True) if count}


def test_sizes_are_in_pixels_of_the_training_picture(admin: User) -> None:
    box = Box(100, 100, 130, 150)  # the root of 1,500 is 38.7
    assert filled(shapes(admin, box).sizes) == {(32, 64): 2}


def test_sizes_follow_the_image_size(admin: User) -> None:
    box = Box(100, 100, 130, 150)
    assert filled(shapes(admin, box, image_size=320).sizes) == {(16, 32): 2}


def test_aspects_are_width_by_height(admin: User) -> None:
    found = shapes(admin, Box(0, 0, 40, 40), Box(0, 0, 40, 160), Box(0, 0, 300, 50))
    assert filled(found.aspects) == {(0.8, 1.25): 2, (0.2, 0.33): 2, (5, None): 2}


def test_positions_are_centres_on_a_grid_from_the_top_left(admin: User) -> None:
    found = shapes(admin, Box(0, 0, 20, 20), Box(600, 300, 640, 360))
    assert (len(found.positions), len(found.positions[0])) == (9, 16)
    assert found.positions[0][0] == 2
    assert found.positions[8][15] == 2
    assert sum(map(sum, found.positions)) == 4


def test_statistics_with_shapes_come_back_from_json(admin: User) -> None:
    found = statistics(admin, Box(0, 0, 20, 20))
    assert Statistics.from_json(json.loads(json.dumps(asdict(found)))) == found


def test_statistics_of_older_sets_are_read_without_what_they_lack(admin: User) -> None:
    raw = json.loads(json.dumps(asdict(statistics(admin, Box(0, 0, 20, 20)))))
    for key in ("shapes", "near_duplicates", "background_crops"):
        del raw[key]
    del raw["split"]["leakage"]
    for video in raw["videos"]:
        del video["class_boxes"], video["leaky"], video["held_out"]
    found = Statistics.from_json(raw)
    assert (found.shapes, found.split.leakage) == (None, None)


def test_boxes_of_each_class_are_counted_per_video(admin: User) -> None:
    video = add_video(admin, frame_count=2)
    cups = [TrackDoc(None, "cup", (KeyframeDoc(0, Box(x, 0, x + 20, 20)),)) for x in (0, 50)]
    bus = TrackDoc(None, "bus", (KeyframeDoc(1, Box(0, 50, 90, 90)),))
    annotate(admin, video, *cups, bus, ranges=[(0, 2)])
    (row,) = preview(admin, spec(video.id, split=SPLIT)).statistics.videos
    assert row.class_boxes == (4, 1)

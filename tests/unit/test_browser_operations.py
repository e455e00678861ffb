"""What the labelling screen shows of an edit is what the server makes of it.

A few hundred random documents and operations go through both: ``tpod_core.annotations.edits`` here
and ``pages/_labeling/operations.js`` in Node.
"""

import json
import random
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.node import node
from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.annotations.edits import Annotations, apply
from tpod_core.annotations.operations import Operation
from tpod_core.annotations.validator import AnnotationValidator
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box

CASES, FRAMES, WH = 600, 12, (640, 360)
LABEL_IDS = {"cup": 1, "black cat": 2}
LABELS = [{"name": name, "color": "#ff0000", "id": row} for name, row in LABEL_IDS.items()]
SCRIPT = Path(__file__).parents[1] / "js" / "apply_operations.js"
OPERATIONS: TypeAdapter[Any] = TypeAdapter(list[Operation])
KEYFRAME = TypeAdapter(KeyframeDoc)

Json = dict[str, Any]


class Author:
    """Makes documents and operations that meet on few tracks and few frames."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def case(self) -> Json:
        tracks = [self._track(row) for row in range(1, self._random.randint(3, 5))]
        count = self._random.randint(1, 4)
        return {
            "document": {"revision": 1, "labels": LABELS, "tracks": tracks, "ranges": [[3, 7]]},
            "operations": [self._operation() for _ in range(count)],
            "scene": {"frameCount": FRAMES, "width": WH[0], "height": WH[1]},
        }

    def _track(self, row: int) -> Json:
        frames = sorted(self._random.sample(range(FRAMES), self._random.randint(1, 5)))
        frames[0] //= 4
        keyframes = [self._keyframe(frame) for frame in dict.fromkeys(frames)]
        keyframes[0]["outside"] = False
        return {
            "id": row,
            "label": self._random.choice([*LABEL_IDS]),
            "keyframes": keyframes,
            "proposed": self._is(0.3),
            "score": self._random.choice([None, 0.5]),
        }

    def _keyframe(self, frame: int) -> Json:
        return {
            "frame": frame,
            "box": self._box(),
            "outside": self._is(0.15),
            "occluded": self._is(0.3),
            "source": self._random.choice(["manual", "detected", "imported"]),
        }

    def _operation(self) -> Json:
        edit = {"frame": self._frame(), "track_id": self._ref()}
        make = self._random.choice(
            [
                lambda: {"op": "put_box", **edit, **self._put(self._box())},
                lambda: {"op": "put_box", **edit, **self._put(self._wild_box())},
                lambda: {"op": "remove_keyframe", **edit},
                lambda: {"op": "hide_box", **edit},
                lambda: {"op": "end_track", **edit},
                lambda: {"op": "split_track", **edit, "new_id": f"new:{self._key()}"},
                lambda: {"op": "set_occluded", **edit, "occluded": self._is(0.5)},
                lambda: {"op": "delete_track", "track_id": self._ref()},
                lambda: {"op": "relabel_track", "track_id": self._ref(), "label": self._label()},
                lambda: {"op": "merge_tracks", "track_id": self._ref(), "other_id": self._ref()},
                lambda: {"op": "accept_tracks", "track_ids": [self._ref(), self._ref()]},
                lambda: {"op": "mark_range", **self._range()},
                lambda: {"op": "clear_range", **self._range()},
            ]
        )
        return make()

    def _put(self, box: list[float]) -> Json:
        put = {"box": box, "occluded": self._is(0.3)}
        if self._is(0.7):
            put["label"] = self._label()
        if self._is(0.3):
            put["source"] = self._random.choice(["manual", "detected"])
        return put

    def _is(self, share: float) -> bool:
        return self._random.random() < share

    def _key(self) -> str:
        return self._random.choice("abc")

    def _ref(self) -> int | str:
        return f"new:{self._key()}" if self._is(0.15) else self._random.randint(1, 3)

    def _label(self) -> str:
        return "dog" if self._is(0.03) else self._random.choice([*LABEL_IDS])

    def _frame(self) -> int:
        return self._random.randint(-1, FRAMES) if self._is(0.1) else self._random.randrange(FRAMES)

    def _range(self) -> Json:
        start, stop = self._frame(), self._frame()
        return {"start": start, "stop": stop if self._is(0.1) else max(start, stop)}

    def _box(self) -> list[float]:
        x, y = self._random.uniform(0, 500), self._random.uniform(0, 250)
        return [x, y, x + self._random.uniform(5, 100), y + self._random.uniform(5, 100)]

    def _wild_box(self) -> list[float]:
        corners = sorted((self._random.uniform(-50, 700), self._random.uniform(-50, 700)))
        return [corners[0], -3, corners[1], 200] if self._is(0.8) else [9, 9, 5, 5]


def read_keyframe(raw: Json) -> KeyframeDoc:
    return KEYFRAME.validate_python(raw | {"box": Box(*raw["box"])})


def read_track(raw: Json) -> TrackState:
    keyframes = {each["frame"]: read_keyframe(each) for each in raw["keyframes"]}
    return TrackState(LABEL_IDS[raw["label"]], keyframes, raw["proposed"], raw["score"])


def ask_server(case: Json) -> Json | None:
    """The tracks by row or name and the ranges, or ``None`` where an operation is refused."""
    document = case["document"]
    tracks = {each["id"]: read_track(each) for each in document["tracks"]}
    before = Annotations(tracks, tuple((start, stop) for start, stop in document["ranges"]))
    operations = OPERATIONS.validate_python(case["operations"])
    try:
        after = apply(before, operations, AnnotationValidator(FRAMES, WH, LABEL_IDS))
    except InvalidInput:
        return None
    ranges = [list(each) for each in after.ranges]
    return {"tracks": after.tracks | after.new_tracks, "ranges": ranges}


def read_browser(answer: Json) -> Json | None:
    if "refused" in answer:
        return None
    tracks = {each["id"]: read_track(each) for each in answer["tracks"]}
    return {"tracks": tracks, "ranges": answer["ranges"]}


def ask_browser(cases: list[Json]) -> list[Json | None]:
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([node(), SCRIPT], input=lines, capture_output=True, text=True, check=True)
    return [read_browser(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("seed", range(3))
def test_browser_shows_of_an_edit_what_the_server_makes_of_it(seed: int):
    author = Author(seed)
    cases = [author.case() for _ in range(CASES // 3)]
    for case, shown in zip(cases, ask_browser(cases), strict=True):
        assert shown == ask_server(case), case["operations"]


def test_random_cases_are_neither_all_refused_nor_all_done():
    author = Author(0)
    cases = [author.case() for _ in range(CASES)]
    done = [case for case in cases if ask_server(case)]
    assert CASES * 0.2 < len(done) < CASES * 0.8
    kinds = Counter(operation["op"] for case in done for operation in case["operations"])
    assert min(kinds.values()) >= 5
    assert len(kinds) == 12

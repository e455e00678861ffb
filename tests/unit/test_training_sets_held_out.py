"""Videos locked as held out, and how leaky a split is."""

from fractions import Fraction

import pytest

from tests.labelled import add_video, annotate, give_file, track
from tests.training_sets import frames_of, plan_of, preview, spec
from tpod_core import db
from tpod_core.errors import InvalidInput
from tpod_core.models import User, Video
from tpod_core.services import videos as videos_service
from tpod_core.training_sets.split import Split


def add_cups(user: User, count: int, frame_count: int = 100) -> list[Video]:
    """Videos with a cup on each frame, fully labelled."""
    made = [add_video(user, f"v{number}", ["cup"], frame_count) for number in range(count)]
    for video in made:
        annotate(user, video, track("cup", 0, frame_count - 1), ranges=[(0, frame_count)])
    return made


def lock(video: Video) -> None:
    with db.transaction() as session:
        videos_service.hold_out(session, session.get_one(Video, video.id), True)


def parts_of(user: User, videos: list[Video], **wishes: object) -> list[set[Split]]:
    plan = plan_of(user, spec(*(video.id for video in videos), **wishes))
    return [{part for _, part in video.used()} for video in plan.videos]


def test_guard_gap_of_a_variable_rate_is_a_second_where_the_frames_are_closest(
    admin: User,
) -> None:
    [video] = add_cups(admin, 1, 320)
    give_file(video, 320, time_of=lambda n: Fraction(n, 30) if n < 300 else Fraction(n - 290))
    plan = plan_of(admin, spec(video.id, split={"method": "by_block"}))
    assert plan.videos[0].guard == 30


# Locked videos


@pytest.mark.parametrize("seed", range(4))
def test_locked_video_is_the_validation_part_whatever_the_seed(admin: User, seed: int) -> None:
    videos = add_cups(admin, 4)
    lock(videos[1])
    parts = parts_of(admin, videos, seed=seed)
    assert parts == [{Split.TRAIN}, {Split.VAL}, {Split.TRAIN}, {Split.TRAIN}]


def test_locked_video_stays_validation_beside_videos_held_out_by_name(admin: User) -> None:
    videos = add_cups(admin, 3)
    lock(videos[1])
    parts = parts_of(admin, videos, split={"val_videos": [videos[0].id]})
    assert parts == [{Split.VAL}, {Split.VAL}, {Split.TRAIN}]


def test_locked_video_is_validation_whole_where_others_are_split_by_block(admin: User) -> None:
    videos = add_cups(admin, 2)
    lock(videos[1])
    parts = parts_of(admin, videos, split={"method": "by_block"})
    assert parts == [{Split.TRAIN, Split.VAL}, {Split.VAL}]


def test_locked_video_without_boxes_does_not_keep_others_from_validation(admin: User) -> None:
    videos = add_cups(admin, 2)
    empty = add_video(admin, "empty", ["cup"])
    annotate(admin, empty, ranges=[(0, 100)])
    lock(empty)
    parts = parts_of(admin, [*videos, empty], negatives={"ratio": 1})
    assert sorted(parts[:2], key=str) == [{Split.TRAIN}, {Split.VAL}]
    assert parts[2] == {Split.VAL}


def test_nothing_to_train_on_but_locked_videos_is_refused(admin: User) -> None:
    videos = add_cups(admin, 2)
    for video in videos:
        lock(video)
    with pytest.raises(InvalidInput, match="locked as held out") as refused:
        preview(admin, spec(*(video.id for video in videos)))
    assert refused.value.field == "videos"


def test_statistics_name_the_locked_videos(admin: User) -> None:
    videos = add_cups(admin, 2)
    lock(videos[1])
    found = preview(admin, spec(*(video.id for video in videos))).statistics
    assert [row.held_out for row in found.videos] == [False, True]


# Leakage


@pytest.mark.parametrize(
    ("guard", "leaky_a_side"),
    [
        pytest.param(None, 0, id="our gap"),
        pytest.param(10, 0, id="a second"),
        pytest.param(0, 10, id="no gap: ten frames on each side"),
        pytest.param(6, 4, id="a short gap: four frames on each side"),
    ],
)
def test_leakage_counts_validation_frames_within_a_second_of_training(
    admin: User, guard: int | None, leaky_a_side: int
) -> None:
    (video,) = add_cups(admin, 1, frame_count=1000)
    wanted = spec(video.id, split={"guard_frames": guard}, seed=3)
    val = frames_of(plan_of(admin, wanted), 0, Split.VAL)
    leaky = leaky_a_side * ((val[0] > 0) + (val[-1] < 998))
    found = preview(admin, wanted)
    leakage = found.statistics.split.leakage
    assert leakage is not None
    assert (leakage.frames, leakage.within_frames) == (leaky, 10)
    assert leakage.share == leaky / len(val)
    assert bool(found.findings.counts.get("leakage")) is bool(leaky)  # type: ignore[call-overload]


def test_leakage_sees_that_two_videos_are_the_same_file(admin: User) -> None:
    videos = add_cups(admin, 2)
    with db.transaction() as session:
        session.get_one(Video, videos[1].id).sha256 = videos[0].sha256
    found = preview(admin, spec(*(video.id for video in videos)))
    leakage = found.statistics.split.leakage
    assert leakage is not None and leakage.share == 1
    (finding,) = (f for f in found.findings.listed if f.kind == "leakage")
    assert finding.severity == "problem"
    assert (finding.video_id, finding.frame_index) == (
        next(row.video_id for row in found.statistics.videos if row.frames.val),
        0,
    )


def test_whole_videos_do_not_leak(admin: User) -> None:
    leakage = preview(admin, spec(*(v.id for v in add_cups(admin, 3)))).statistics.split.leakage
    assert leakage is not None and leakage.share == 0


def test_one_leaky_frame_of_many_still_shows(admin: User) -> None:
    videos = add_cups(admin, 2, frame_count=30_000)
    with db.transaction() as session:
        session.get_one(Video, videos[1].id).sha256 = videos[0].sha256
    ranges = [[[0, 100]], [[109, 29_000]]]
    wanted = spec(*(video.id for video in videos), split={"val_videos": [videos[1].id]}).model_copy(
        update={
            "videos": tuple(
                each.model_copy(update={"ranges": tuple(map(tuple, own))})
                for each, own in zip(
                    spec(*(video.id for video in videos)).videos, ranges, strict=True
                )
            )
        }
    )
    leakage = preview(admin, wanted).statistics.split.leakage
    assert leakage is not None
    assert leakage.frames == 1 and 0 < leakage.share < 0.001

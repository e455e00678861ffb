"""Batches over HTTP: done once, by their author, and with tracks that have no row yet."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_annotations import error, patch, url
from tests.conftest import Api, add_user
from tests.labelled import add_video
from tpod_core import db
from tpod_core.annotations.label_list import MAX_LABELS
from tpod_core.models import Role, User, Video
from tpod_core.web.annotation_bodies import MAX_OPERATIONS

BOX = [10.0, 20.0, 60.0, 80.0]


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def put_box(frame: int, **details: Any) -> dict[str, Any]:
    return {"op": "put_box", "frame": frame, "box": BOX, **details}


def send(api: TestClient, video: Video, *ops: dict[str, Any], **body: Any) -> Any:
    return api.patch(url(video), json={"revision": 0, "ops": list(ops), **body})


def tracks(api: TestClient, video: Video) -> dict[int, tuple[str, list[int]]]:
    """Label and frames of the key frames of each track."""
    found = api.get(url(video)).json()["tracks"]
    return {each["id"]: (each["label"], [k["frame"] for k in each["keyframes"]]) for each in found}


def test_batch_sent_again_is_answered_as_before_and_done_once(
    api: TestClient, video: Video
) -> None:
    first = send(api, video, put_box(3, label="cup", track_id="new:a"), batch="b1")
    patch(api, video, 1, put_box(9, label="bus"))
    again = send(api, video, put_box(3, label="cup", track_id="new:a"), batch="b1")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert [label for label, _ in tracks(api, video).values()] == ["cup", "bus"]


def test_batch_sent_many_times_at_once_is_done_once(api: TestClient, video: Video) -> None:
    box = put_box(3, label="cup", track_id="new:a")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(api, video, box, batch="b1"), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.text for answer in answers}) == 1
    assert len(tracks(api, video)) == 1


def test_batches_of_many_at_once_are_all_done(api: TestClient, video: Video) -> None:
    def draw(number: int) -> Any:
        return send(api, video, put_box(number, label="cup"), batch=f"b{number}")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(draw, range(24)))
    assert sorted(answer.json()["revision"] for answer in answers) == list(range(1, 25))
    assert sorted(frames for _, frames in tracks(api, video).values()) == [[n] for n in range(24)]


def test_batch_that_changed_nothing_is_remembered(api: TestClient, video: Video) -> None:
    clear = {"op": "clear_range", "start": 0, "stop": 5}
    assert send(api, video, clear, batch="b1").json()["revision"] == 0
    patch(api, video, 0, {"op": "mark_range", "start": 0, "stop": 5})
    assert send(api, video, clear, batch="b1").json()["revision"] == 0
    assert api.get(url(video)).json()["ranges"] == [[0, 5]]


def test_batch_that_was_refused_may_be_sent_again(api: TestClient, video: Video) -> None:
    error(send(api, video, put_box(3, label="dog"), batch="b1"), 422)
    api.patch(f"/videos/{video.id}", json={"labels": [{"name": "dog"}]})
    assert send(api, video, put_box(3, label="dog"), batch="b1", revision=1).status_code == 200


def test_batches_of_two_videos_may_have_one_name(
    api: TestClient, admin: User, video: Video
) -> None:
    garden = add_video(admin, "Garden")
    for each in (video, garden):
        assert send(api, each, put_box(3, label="cup"), batch="b1").json()["revision"] == 1


def test_name_of_somebody_else_s_batch_is_a_conflict(
    installation: Api, api: TestClient, video: Video
) -> None:
    add_user("ann", Role.ADMIN)
    send(api, video, put_box(3, label="cup"), batch="b1")
    refused = send(installation.client("ann"), video, put_box(3, label="cup"), batch="b1")
    assert error(refused, 409)["code"] == "conflict"
    assert len(tracks(api, video)) == 1


def test_name_of_a_batch_is_not_the_name_of_an_undo(api: TestClient, video: Video) -> None:
    send(api, video, put_box(3, label="cup"), batch="b1")
    error(api.post(url(video, "annotations/undo"), json={"batch": "b1"}), 409)
    assert len(tracks(api, video)) == 1


@pytest.mark.parametrize("batch", ["", "x" * 65], ids=["empty", "long"])
def test_batch_needs_a_name_that_can_be_kept(api: TestClient, video: Video, batch: str) -> None:
    refused = send(api, video, put_box(3, label="cup"), batch=batch)
    assert error(refused, 422)["field"] == "batch"


@pytest.mark.parametrize("call", ["annotations", "annotations/undo", "annotations/redo"])
def test_what_another_account_made_is_not_done(api: TestClient, video: Video, call: str) -> None:
    (made,) = patch(api, video, 0, put_box(3, label="cup")).json()["track_ids"]
    if call == "annotations/redo":
        api.post(url(video, "annotations/undo"), json={})
    before = api.get(url(video)).json()
    body: dict[str, Any] = {"user_id": 4711}
    if call == "annotations":
        body |= {"revision": 1, "ops": [{"op": "delete_track", "track_id": made}]}
    method = "PATCH" if call == "annotations" else "POST"
    refused = api.request(method, url(video, call), json=body)
    assert error(refused, 409)["code"] == "other_user"
    assert api.get(url(video)).json() == before


def test_what_the_person_signed_in_made_is_done(api: TestClient, admin: User, video: Video) -> None:
    assert send(api, video, put_box(3, label="cup"), user_id=admin.id).status_code == 200


def test_new_track_has_its_name_in_the_answer_and_in_the_same_batch(
    api: TestClient, video: Video
) -> None:
    answer = send(
        api,
        video,
        put_box(3, label="cup", track_id="new:a"),
        put_box(9, label="cup", track_id="new:a"),
        put_box(5, label="bus"),
        {"op": "split_track", "track_id": "new:a", "frame": 6, "new_id": "new:b"},
        {"op": "relabel_track", "track_id": "new:b", "label": "bus"},
    ).json()
    named, ids = answer["tracks"], answer["track_ids"]
    assert (named["new:a"], named["new:b"]) == (ids[0], ids[2])
    assert set(named) == {"new:a", "new:b"}
    assert tracks(api, video) == {
        ids[0]: ("cup", [3, 6]),
        ids[1]: ("bus", [5]),
        ids[2]: ("bus", [6, 9]),
    }


def test_name_of_a_track_holds_in_later_batches(api: TestClient, video: Video) -> None:
    answer = send(api, video, put_box(3, label="cup", track_id="new:a"), batch="b1").json()
    later = send(
        api, video, put_box(9, label="bus", track_id="new:a"), batch="b2", revision=1
    ).json()
    assert later["tracks"] == {}
    assert tracks(api, video) == {answer["tracks"]["new:a"]: ("cup", [3, 9])}


@pytest.mark.parametrize("batch", ["b2", None], ids=["in a batch", "without a batch"])
def test_name_of_a_deleted_track_makes_no_new_one(
    api: TestClient, video: Video, batch: str | None
) -> None:
    send(api, video, put_box(3, label="cup", track_id="new:a"), batch="b1")
    send(api, video, {"op": "delete_track", "track_id": "new:a"}, revision=1)
    body = {"batch": batch} if batch else {}
    refused = send(api, video, put_box(4, label="cup", track_id="new:a"), revision=2, **body)
    assert error(refused, 422)["field"] == "ops[0].track_id"
    assert tracks(api, video) == {}


def test_name_that_stands_for_nothing_is_refused(api: TestClient, video: Video) -> None:
    refused = send(api, video, {"op": "delete_track", "track_id": "new:a"})
    assert "new:a" in error(refused, 422)["message"]


def test_second_part_of_a_track_cannot_have_a_name_that_is_taken(
    api: TestClient, video: Video
) -> None:
    two = [put_box(frame, label="cup", track_id="new:a") for frame in (3, 9)]
    split = {"op": "split_track", "track_id": "new:a", "frame": 6, "new_id": "new:a"}
    assert error(send(api, video, *two, split), 422)["field"] == "ops[2].new_id"
    send(api, video, *two)
    assert error(send(api, video, split, revision=1), 422)["field"] == "ops[0].new_id"


@pytest.mark.parametrize("name", ["a", "new:", "new:ä", "new:" + "x" * 65, "new:#1", 0, True, 1.5])
def test_track_is_named_by_a_row_or_a_new_name(api: TestClient, video: Video, name: Any) -> None:
    refused = send(api, video, put_box(3, label="cup", track_id=name))
    assert error(refused, 422)["field"] == "ops[0].track_id"


@pytest.mark.parametrize(
    ("op", "field"),
    [
        (put_box(True, label="cup"), "ops[0].frame"),
        (put_box(3, label="cup") | {"box": [1, 2, 3]}, "ops[0].box"),
        (put_box(3, label="cup") | {"box": [1, 2, 30, True]}, "ops[0].box"),
        (put_box(3, label="cup") | {"box": {"x1": 1, "y1": 2, "x2": 30, "y2": 40}}, "ops[0].box"),
        (put_box(3, label="cup", occluded=1), "ops[0].occluded"),
        (put_box(3, label="cup", rotation=4), "ops[0].rotation"),
        ({"op": "delete_track"}, "ops[0].track_id"),
        ({"op": "explode"}, "ops[0]"),
        ({"op": "add_label", "name": " "}, "ops[0].name"),
        ({"op": "add_label", "name": "cat", "color": "red"}, "ops[0].color"),
    ],
    ids=str,
)
def test_operation_that_is_none_names_its_field(
    api: TestClient, video: Video, op: dict[str, Any], field: str
) -> None:
    assert error(send(api, video, op), 422)["field"] == field


def test_box_at_infinity_is_refused(api: TestClient, video: Video) -> None:
    box = '{"op": "put_box", "frame": 3, "label": "cup", "box": [0, 0, 1e999, 9]}'
    body = f'{{"revision": 0, "ops": [{box}]}}'
    refused = api.patch(url(video), content=body, headers={"Content-Type": "application/json"})
    assert error(refused, 422)["field"] == "ops[0].box"


def test_label_is_added_and_used_in_one_batch(api: TestClient, video: Video) -> None:
    answer = send(
        api,
        video,
        {"op": "add_label", "name": "cat", "color": "#123456"},
        put_box(3, label="cat"),
        batch="b1",
    )
    assert answer.json()["revision"] == 1
    document = api.get(url(video)).json()
    assert [(x["name"], x["color"]) for x in document["labels"]][2:] == [("cat", "#123456")]
    assert document["tracks"][0]["label"] == "cat"


def test_label_that_the_team_has_keeps_its_colour(
    api: TestClient, admin: User, video: Video
) -> None:
    add_video(admin, "Garden", labels=["cat"])
    send(api, video, {"op": "add_label", "name": "cat", "color": "#123456"})
    assert api.get(url(video)).json()["labels"][2]["color"] == "#ff0000"


def test_label_that_is_in_the_list_is_not_added_twice(api: TestClient, video: Video) -> None:
    answer = send(api, video, {"op": "add_label", "name": " Cup "})
    assert answer.json()["revision"] == 0
    assert [label["name"] for label in api.get(url(video)).json()["labels"]] == ["cup", "bus"]


def test_video_has_no_more_labels_than_stated(api: TestClient, video: Video) -> None:
    ops = [{"op": "add_label", "name": f"label {number}"} for number in range(MAX_LABELS - 2)]
    assert send(api, video, *ops).status_code == 200
    refused = send(api, video, {"op": "add_label", "name": "one more"}, revision=1)
    assert f"at most {MAX_LABELS} labels" in error(refused, 422)["message"]


def test_no_more_operations_than_stated_are_taken(api: TestClient, video: Video) -> None:
    mark = {"op": "mark_range", "start": 0, "stop": 5}
    assert send(api, video, *[mark] * MAX_OPERATIONS).status_code == 200
    refused = send(api, video, *[mark] * (MAX_OPERATIONS + 1), revision=1)
    assert error(refused, 422)["field"] == "ops"


def test_batches_and_names_go_with_their_video(api: TestClient, video: Video) -> None:
    send(api, video, put_box(3, label="cup", track_id="new:a"), batch="b1")
    assert api.delete(f"/videos/{video.id}").status_code == 204
    with db.read_session() as session:
        for table in ("edit_batches", "track_names"):
            count = session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            assert count == 0, table

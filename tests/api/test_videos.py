"""Videos over HTTP: create, list, labels, who may see them, delete."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests import statements
from tests.conftest import Api
from tests.fake_queue import ListQueue
from tpod_core.db import transaction
from tpod_core.models import User, Video
from tpod_core.services import videos
from tpod_core.services.videos import ReceivedFile


def create(client: TestClient, name: str = "Kitchen", labels: tuple[str, ...] = ()) -> int:
    body = {"name": name, "labels": [{"name": label} for label in labels]}
    answer = client.post("/videos", json=body)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


def test_video_body_has_what_the_contract_names(api: TestClient) -> None:
    video = api.get(f"/videos/{create(api)}").json()
    named = [
        "frame_count",
        "width",
        "height",
        "fps",
        "duration_s",
        "codec",
        "state",
        "warnings",
        "labels",
    ]
    assert set(named) <= set(video)
    assert video["state"] == "created" and video["frame_count"] == 0
    status = api.get(f"/videos/{video['id']}/status").json()
    assert status == {"state": "created", "progress": 0.0, "message": ""}


def test_labels_keep_their_order_and_get_a_colour_each(api: TestClient) -> None:
    video = api.get(f"/videos/{create(api, labels=('cup', 'Teller ☕', 'a-b c'))}").json()
    assert [label["name"] for label in video["labels"]] == ["cup", "Teller ☕", "a-b c"]
    assert len({label["color"] for label in video["labels"]}) == 3


def test_locking_a_video_as_held_out_is_kept_and_taken_back(api: TestClient) -> None:
    path = f"/videos/{create(api)}"
    assert api.get(path).json()["held_out"] is False
    for locked in (True, False):
        assert api.patch(path, json={"held_out": locked}).json()["held_out"] is locked
        assert api.patch(path, json={"name": "Other"}).json()["held_out"] is locked


def test_same_label_in_two_videos_is_one_class(api: TestClient) -> None:
    first = api.get(f"/videos/{create(api, labels=('cup',))}").json()
    second = api.get(f"/videos/{create(api, labels=('saucer', 'cup'))}").json()
    assert first["labels"][0] == second["labels"][1]


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        pytest.param([{"name": "cup"}, {"name": " Cup "}], "labels[1].name", id="twice"),
        pytest.param([{"name": "  "}], "labels[0].name", id="empty"),
        pytest.param([{"name": "a\nb"}], "labels[0].name", id="line break"),
        pytest.param([{"name": "exe\u202egpj"}], "labels[0].name", id="turned direction"),
        pytest.param(
            [{"name": "می\u200cخواهم"}, {"name": "میخواهم"}], "labels[1].name", id="a joiner"
        ),
        pytest.param([{"name": "cup", "color": "red"}], "labels[0].color", id="colour"),
    ],
)
def test_bad_label_is_refused_naming_the_field(
    api: TestClient, labels: list[dict[str, str]], field: str
) -> None:
    answer = api.post("/videos", json={"name": "x", "labels": labels})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert api.get("/videos").json()["count"] == 0, "half a video was made"


def test_rename_and_relabel(api: TestClient) -> None:
    number = create(api, labels=("cup",))
    changed = api.patch(
        f"/videos/{number}", json={"name": "Hall", "labels": [{"name": "jar", "color": "#ABCDEF"}]}
    ).json()
    assert changed["name"] == "Hall"
    assert [(label["name"], label["color"]) for label in changed["labels"]] == [("jar", "#abcdef")]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_video_needs_a_name(api: TestClient, name: str) -> None:
    answer = api.post("/videos", json={"name": name})
    assert answer.status_code == 422 and answer.json()["error"]["field"] == "name"


def test_list_pages_searches_and_orders(api: TestClient) -> None:
    for name in ("alpha", "beta", "Alphabet"):
        create(api, name)
    found = api.get("/videos", params={"search": "ALPHA", "ordering": "name"}).json()
    assert found["count"] == 2
    assert {video["name"] for video in found["results"]} == {"alpha", "Alphabet"}
    page = api.get("/videos", params={"page": 2, "page_size": 2, "ordering": "id"}).json()
    assert page["count"] == 3
    assert [video["name"] for video in page["results"]] == ["Alphabet"]


def test_list_asks_the_database_as_often_for_many_videos_as_for_one(
    api: TestClient, queue: ListQueue
) -> None:
    def add(name: str) -> None:
        number = create(api, name, labels=("cup", f"only in {name}"))
        with transaction() as session:
            video = session.get_one(Video, number)
            videos.begin_upload(session, video)
            videos.finish_upload(session, video, ReceivedFile("key", "a.mp4", 5, "0" * 64))

    add("one")
    api.get("/videos")  # who is asking is noted once
    with statements.listed() as for_one:
        assert api.get("/videos").json()["count"] == 1
    for name in ("two", "three", "four"):
        add(name)
    with statements.listed() as for_four:
        results = api.get("/videos").json()["results"]
    assert [len(video["labels"]) for video in results] == [2] * 4
    assert len(for_four) == len(for_one)


def test_percent_sign_in_a_search_is_only_a_percent_sign(api: TestClient) -> None:
    create(api, "100 % done")
    create(api, "other")
    assert api.get("/videos", params={"search": "%"}).json()["count"] == 1


def test_someone_else_s_video_is_not_listed(installation: Api, admin: User, member: User) -> None:
    owner, other = installation.client("admin"), installation.client("member")
    create(owner)
    assert other.get("/videos").json()["count"] == 0
    assert owner.get("/videos").json()["count"] == 1


def test_delete_takes_rows_and_files(api: TestClient, home: Path) -> None:
    number = create(api, labels=("cup",))
    (home / "videos" / str(number)).mkdir(parents=True)
    (home / "videos" / str(number) / "source.mp4").write_bytes(b"x")
    assert api.delete(f"/videos/{number}").status_code == 204
    assert api.get(f"/videos/{number}").status_code == 404
    assert not (home / "videos" / str(number)).exists()


def test_id_of_a_deleted_video_is_never_used_again(api: TestClient) -> None:
    first = create(api)
    api.delete(f"/videos/{first}")
    assert create(api) > first


def test_videos_of_one_name_have_an_order_that_holds_from_page_to_page(api: TestClient) -> None:
    for _ in range(3):
        create(api)
    with statements.listed() as asked:
        api.get("/videos", params={"ordering": "name", "page_size": 2})
    assert any("ORDER BY videos.name ASC, videos.id" in statement for statement in asked)

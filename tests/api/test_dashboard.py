"""What the installation tells about itself."""

from pathlib import Path

from starlette.testclient import TestClient

from tests.conftest import Api
from tests.synthetic import make_video
from tpod_core.models import User


def test_meta_counts_what_one_may_see(
    installation: Api, admin: User, member: User, tmp_path: Path
) -> None:
    owner = installation.client("admin")
    number = owner.post("/videos", json={"name": "Kitchen"}).json()["id"]
    clip = make_video(tmp_path / "clip.mp4", 12).read_bytes()
    owner.post(f"/videos/{number}/data", files={"file": ("clip.mp4", clip)})
    seen = owner.get("/dashboard/meta").json()
    assert seen["counts"]["videos"] == 1
    assert seen["queues"]["default"] == {"queued": 1, "running": 0}
    assert installation.client("member").get("/dashboard/meta").json()["counts"]["videos"] == 0


def test_meta_names_disk_and_versions(api: TestClient) -> None:
    meta = api.get("/dashboard/meta").json()
    assert 0 < meta["disk"]["free_bytes"] <= meta["disk"]["total_bytes"]
    assert {"tpod", "python", "streamlit", "torch", "ultralytics"} <= set(meta["versions"])

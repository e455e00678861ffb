"""Scripts and styles of the screens, as the browser gets them."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages._shared.assets import asset_url, assets, assets_route, read_assets
from pages._shared.component import loading_script

SCRIPT = "_labeling/annotator.js"


@pytest.fixture
def browser() -> TestClient:
    """A client that nobody is signed in with."""
    return TestClient(Starlette(routes=[assets_route()]))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (SCRIPT, "text/javascript; charset=utf-8"),
        ("_labeling/annotator.css", "text/css; charset=utf-8"),
        ("_shared/logo.svg", "image/svg+xml"),
    ],
)
def test_asset_is_served_as_what_it_is(browser: TestClient, path: str, kind: str) -> None:
    answer = browser.get(asset_url(path))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content == assets().files[path].body


def test_asset_is_kept_for_a_year(browser: TestClient) -> None:
    kept = browser.get(asset_url(SCRIPT)).headers["Cache-Control"]
    assert kept == "public, max-age=31536000, immutable"


def test_asset_that_the_browser_has_is_not_sent_again(browser: TestClient) -> None:
    etag = browser.get(asset_url(SCRIPT)).headers["ETag"]
    again = browser.get(asset_url(SCRIPT), headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    other = browser.get(asset_url(SCRIPT), headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_head_of_an_asset_has_no_body(browser: TestClient) -> None:
    answer = browser.head(asset_url(SCRIPT))
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        f"/assets/0123456789abcdef/{SCRIPT}",
        f"/assets/{assets().version}/_labeling/annotator.py",
        f"/assets/{assets().version}/_labeling",
        f"/assets/{assets().version}/..%2F..%2Fapp.py",
        f"/assets/{assets().version}/%2e%2e/%2e%2e/pyproject.toml",
        f"/assets/{assets().version}//etc/hostname",
        f"/assets/{assets().version}/_videos/uploader.html",
    ],
)
def test_everything_else_is_not_found_and_not_kept(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_another_content_or_name_makes_another_address(tmp_path: Path) -> None:
    script = tmp_path / "one.js"
    script.write_text("1")
    (tmp_path / "page.py").write_text("1")
    before = read_assets(tmp_path)
    assert set(before.files) == {"one.js"}
    (tmp_path / "page.py").write_text("2")
    assert read_assets(tmp_path).version == before.version
    script.write_text("2")
    changed = read_assets(tmp_path)
    renamed = script.rename(tmp_path / "two.js")
    assert len({before.version, changed.version, read_assets(renamed.parent).version}) == 3


def test_address_of_a_file_that_is_not_served_is_an_error() -> None:
    with pytest.raises(KeyError):
        asset_url("_labeling/annotator.py")


def test_component_loads_its_script_from_a_whole_address() -> None:
    script = loading_script(asset_url(SCRIPT))
    assert f'new URL("{asset_url(SCRIPT)}", location.origin)' in script
    # A single line with a slash in it would be taken for the path of a file.
    assert "\n" in script.strip()

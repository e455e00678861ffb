"""Find or install a Chromium for the browser tests; say loudly when there is none.

    python -m tests.install_browser

Debian as root: the system's package. Elsewhere: Playwright's own download. Where neither
works the browser tests are skipped, and this says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """The path of a Chromium to drive, or None."""
    for name in SYSTEM_BROWSERS:
        if path := shutil.which(name):
            return path
    return _playwright_browser()


def _playwright_browser() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install_browser() -> str | None:
    """Install one where that is possible, and return its path."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        steps = (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        )
    else:
        steps = ([sys.executable, "-m", "playwright", "install", "chromium"],)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in steps:
        if subprocess.run(step, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
            break
    return find_browser()


def main() -> None:
    if path := find_browser() or install_browser():
        print(f"Browser tests use {path}")
        return
    rule = "!" * 78
    print(
        f"{rule}\nNO BROWSER: no Chromium was found and none could be installed.\n"
        f"The tests in tests/browser will NOT run. Install Debian's package `chromium`\n"
        f"or run `playwright install chromium`, then `make test` again.\n{rule}"
    )


if __name__ == "__main__":
    main()

"""What the labelling screen costs the server and the wire, beside an older version of it.

    python -m benchmarks.bench_labelling_screen [REVISION]

The older version, by default the last one whose boxes went through the drawing canvas and
Streamlit's scripts, is checked out aside and measured by the same program in the same run.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks._videos import required_data
from tests.live import REPO

BEFORE = "d125c3f"
PROGRAM = Path(__file__).with_name("_labelling_screen.py")
STEP_CPU_LIMIT_MS = 3.0


def measure(checkout: Path, video: Path) -> dict[str, Any]:
    """Raises: CalledProcessError if the checkout cannot be measured."""
    found = subprocess.run(
        [sys.executable, str(PROGRAM), str(video)],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    costs: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return costs


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=REPO, check=True)


def lines(costs: dict[str, Any]) -> dict[str, float]:
    saved = costs["saved_after_ms"]
    return {
        "CPU of a step beyond its frame, ms": costs["step_cpu_ms"],
        "CPU of the frame itself, ms": costs["frame_cpu_ms"],
        "CPU of a box drawn and saved, ms": costs["save_cpu_ms"],
        "CPU of one PATCH, ms": costs["patch_cpu_ms"],
        "CPU of an open screen at rest, ms/s": costs["idle_cpu_ms_a_second"],
        "websocket messages in 30 steps": costs["messages"],
        "bytes of a step, pictures left out": costs["bytes_a_step"],
        "mouse-up to saved row, p50 ms": median(saved),
        "mouse-up to saved row, p95 ms": quantiles(saved, n=20)[-1],
    }


def main() -> int:
    revision = sys.argv[1] if len(sys.argv) > 1 else BEFORE
    video = required_data() / "dev" / "video_gt" / "Bike" / "Bike.mp4"
    with tempfile.TemporaryDirectory() as directory:
        older = Path(directory) / "older"
        git("worktree", "add", "--detach", "-q", str(older), revision)
        try:
            before = lines(measure(older, video))
        finally:
            git("worktree", "remove", "--force", str(older))
    costs = measure(REPO, video)
    now = lines(costs)
    print(f"{'':38} {revision:>12} {'now':>12}")
    for what, value in now.items():
        print(f"{what:38} {before[what]:12.1f} {value:12.1f}")
    fine = costs["step_cpu_ms"] <= STEP_CPU_LIMIT_MS and costs["messages"] == 0
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

"""Every frame of every real video against its known checksum: no mismatch is allowed.

Every frame is fetched forwards and backwards, and a few hundred in random order.
"""

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks._videos import required_data
from tests.frame_truth import judge, true_videos

JUMPS = 200


def every_frame_both_ways_and_jumps(count: int) -> list[int]:
    chance = random.Random(count)
    jumps = (chance.randrange(count) for _ in range(JUMPS))
    return [*range(count), *reversed(range(count)), *jumps]


def main() -> int:
    mismatches = fetched = 0
    ways: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as workplace:
        for video in true_videos(required_data()):
            verdict = judge(video, Path(workplace), every_frame_both_ways_and_jumps)
            print(
                f"{video.path.name:56} {verdict.way:10} {verdict.fetched:6} fetched, "
                f"{verdict.mismatches} mismatches",
                flush=True,
            )
            ways[verdict.way] += 1
            mismatches += verdict.mismatches
            fetched += verdict.fetched
    print(f"files: {dict(ways)}; frames fetched: {fetched}; mismatches: {mismatches}")
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())

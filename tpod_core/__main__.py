"""``python -m tpod_core COMMAND`` does in a clone what ``tpod COMMAND`` does where installed."""

import sys

from tpod_core.entry_points import tpod

if __name__ == "__main__":
    sys.exit(tpod())

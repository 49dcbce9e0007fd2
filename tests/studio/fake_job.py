"""A job that prints progress as the command line does, and ends as its first argument says."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

how, out = sys.argv[1], Path(sys.argv[2])
if how == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if how == "fails":
    print("reading\ndreamvid: film.mp4: not a readable film; export it again", file=sys.stderr)
    sys.exit(3)
frames = 10_000 if how in ("long", "stubborn") else 3
for frame in range(1, frames + 1):
    print(f"shot 1: {frame} of {frames} 0.05 s/frame", flush=True)
    time.sleep(0.02)
out.write_text("a film")
print(f"{out}: {frames} frames")

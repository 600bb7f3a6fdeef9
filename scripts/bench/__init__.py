"""Measures the relay against baselines in the same run: `make bench`, or `python -m scripts.bench --quick`.

Every figure is a ratio of medians over interleaved rounds, so that a machine that is slow, or busy for a while, is so
for both sides. Linux only: processor time and memory of the servers are read from /proc.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The relay's modules, as functions-framework finds them: main.py's folder, after everything else.
if str(ROOT / "functions") not in sys.path:
    sys.path.append(str(ROOT / "functions"))

"""Import the modules named as arguments and print how long that took, in seconds.

`timed_import.py functions_framework` is the baseline of the webhook's own import.
"""

from __future__ import annotations

import importlib
import sys
import time

started_at = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(time.perf_counter() - started_at)

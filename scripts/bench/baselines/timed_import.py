"""Import the modules named as arguments and print what that took of the processor, in seconds.

`timed_import.py functions_framework` is the baseline of the webhook's own import.
"""

from __future__ import annotations

import importlib
import sys
import time

started_at = time.process_time()
for name in sys.argv[1:]:
    importlib.import_module(name)
print(time.process_time() - started_at)

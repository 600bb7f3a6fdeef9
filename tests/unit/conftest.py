"""How made-up examples are drawn: the same ones on every machine, however slow it is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("unit")

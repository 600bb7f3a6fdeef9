"""The relay at internet scale, on paper: 10,000 texts a second for an hour against the quotas of what it stands on.

`python -m scripts.scale` simulates it and prints; `--write` writes docs/scale.md. quotas.py holds the limits with their
sources, model.py the arithmetic; the operations of a relay are those that scripts/cost counts.
"""

"""What relays cost in the cloud, and how many of them it bears: from counted operations and dated tables.

`python -m scripts.cost bill` prints what a million cost, `month` what stands costs each month (`--write` writes the
table of terraform/README.md), `scale` what 10,000 texts a second do to the quotas (`--write` writes docs/scale.md).
operations.py holds the counts (a test counts them again over the real core), prices.py the prices, quotas.py the
limits, model.py, standing.py and scale.py the arithmetic; nothing else knows a figure.
"""

"""What a million relays cost in the cloud, from counted operations and one dated table of prices.

`python -m scripts.cost` prints it. operations.py holds the counts (a test counts them again over the real core),
prices.py the prices, model.py the arithmetic; nothing else knows a figure.
"""

"""`python -m scripts.cost`: what a million relays cost, beside the obvious design and Twilio's own bill."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from scripts.cost import model, prices
from scripts.cost.operations import RELAY

MONTH_SECONDS = 30 * 24 * 3600


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.cost", description=__doc__)
    parser.add_argument(
        "--per-second", type=float, default=1e6 / 86400, help="texts a second (default: a million a day)"
    )
    parser.add_argument("--journey", choices=RELAY, default="delivered at tier 1")
    parser.add_argument("--events", action="store_true", help="with relay events published")
    options = parser.parse_args(arguments)
    if options.per_second <= 0:
        parser.error("--per-second takes a number above 0")
    ours = model.relay_cost(RELAY[options.journey], options.per_second, options.events)
    print(f"A million relays {options.journey}, {options.per_second:.3g} texts a second, prices of {prices.AS_OF}:\n")
    for line in ours:
        if line.amount:
            print(f"  {line.name:34} {line.amount:>16,.0f} {line.unit:44} ${line.dollars:8.2f}")
    theirs, twilio = model.total(model.obvious_cost(options.per_second)), model.twilio_cost(RELAY[options.journey])
    total = model.total(ours)
    print(f"\n  {'in all':34} ${total:.2f}")
    print(f"  {'the obvious design at tier 1':34} ${theirs:.2f} (this is {total / theirs:.2f} of it)")
    print(f"  {'Twilio, one segment a text':34} ${twilio:,.0f} (the infrastructure is {total / twilio:.2%} of that)")
    print(f"  {'watchmen, whatever the traffic':34} ${model.watchmen_cost_per_month():.2f} a month")
    return 0


if __name__ == "__main__":
    sys.exit(main())

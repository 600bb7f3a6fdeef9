"""`python -m scripts.cost`: the bill of a million relays, of a month, or the scale at which limits bind."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from scripts.cost import model, prices, scale_document, standing, standing_document
from scripts.cost.operations import RELAY


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.cost", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bill = commands.add_parser("bill", help="of a million relays, beside the obvious design and Twilio's own")
    bill.add_argument("--per-second", type=float, default=1e6 / 86400, help="texts a second (default: a million a day)")
    bill.add_argument("--journey", choices=RELAY, default="delivered at tier 1")
    bill.add_argument("--events", action="store_true", help="with relay events published")
    scale = commands.add_parser("scale", help="10,000 texts a second for an hour, on paper")
    scale.add_argument("--write", action="store_true", help=f"to docs/{scale_document.DOCUMENT.name}")
    month = commands.add_parser("month", help="of what stands, whatever the traffic, and of its options")
    month.add_argument("--write", action="store_true", help="to terraform/README.md")
    options = parser.parse_args(arguments)
    if options.command == "scale":
        _show_scale(options.write)
        return 0
    if options.command == "month":
        _show_month(options.write)
        return 0
    if options.per_second <= 0:
        parser.error("--per-second takes a number above 0")
    _print_bill(options.per_second, options.journey, options.events)
    return 0


def _show_scale(writes: bool) -> None:
    if writes:
        scale_document.DOCUMENT.write_text(scale_document.text(), encoding="utf-8")
    else:
        print(scale_document.text())


def _show_month(writes: bool) -> None:
    document = standing_document.DOCUMENT
    if writes:
        document.write_text(standing_document.document(document.read_text("utf-8")), encoding="utf-8")
    else:
        print(standing_document.table())


def _print_bill(per_second: float, journey: str, events: bool) -> None:
    ours = model.relay_cost(RELAY[journey], per_second, events)
    print(f"A million relays {journey}, {per_second:.3g} texts a second, prices of {prices.AS_OF}:\n")
    for line in ours:
        if line.amount:
            print(f"  {line.name:34} {line.amount:>16,.0f} {line.unit:44} ${line.dollars:8.2f}")
    theirs, twilio = model.total(model.obvious_cost(per_second)), model.twilio_cost(RELAY[journey])
    total = model.total(ours)
    print(f"\n  {'in all':34} ${total:.2f}")
    print(f"  {'the obvious design at tier 1':34} ${theirs:.2f} (this is {total / theirs:.2f} of it)")
    print(f"  {'Twilio, one segment a text':34} ${twilio:,.0f} (the infrastructure is {total / twilio:.2%} of that)")
    stands = sum(line.billed for line in standing.standing())
    print(f"  {'what stands, whatever the traffic':34} ${stands:.2f} a month")


if __name__ == "__main__":
    sys.exit(main())

"""The relay: one flat package. Pure core (model, policy, machine), ways in, ports, adapters, wiring."""

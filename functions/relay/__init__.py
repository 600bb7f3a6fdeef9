"""The relay, room by room.

A text comes in by a provider's room, goes through the flow, and is kept in one of two homes.

    serving     the Flask half of every entry point
    wiring      puts settings and adapters together for an entry point
    shared      what a process has once, the provider's clients among it
    homes       the two homes, put together
    operators/  what people who look and act are given: sign-in, identity, state, redrive, the console, words
    media/      the page of a text's files, and each file, for those who have its link
    settings/   what the environment says
    flow/       decide, commit, perform; intake, receipts, timers, sweep, reconcile; channels and what a text says
    twilio/     the provider: its ways in (inbound, delivery_status) stand above the flow, the rest below it
    google/     the cloud home: Firestore, Cloud Tasks, Pub/Sub
    embedded/   the home on one machine: SQLite and its own clockwork
    ports/      what the flow needs from the world
    record/     relays and records of threads as documents, and what is announced of a relay
    outgoing    how another server is asked: no redirect is followed
    telling     how people are told: Journal and Alarms
    log/, web, fields
                lines for people and machines, and how often; requests and answers as plain values; fields of JSON
                bodies, checked
    core/       what a relay is and what becomes of it: pure
    errors      errors that carry the decision
    addresses   which hosts of web addresses are public, and which this machine
    loading     how client libraries are loaded late

Each may import what stands below it; the flow knows no adapter, adapters know no other adapter, the core nothing but
errors. `make lint` holds it (the contracts are in pyproject.toml).
"""

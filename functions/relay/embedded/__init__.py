"""The embedded home: one SQLite file and this process's own clockwork behind the ports."""

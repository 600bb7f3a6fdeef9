#!/bin/sh
# The operator's command from any folder, with the repository's own environment (made by `make .venv/.run`).
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
python="$root/.venv/bin/python"
if ! "$python" -c 'import click' 2>/dev/null; then
    echo "relayctl: $root/.venv is missing, or its Python was changed; \`make .venv/.run\` in $root makes it." >&2
    exit 1
fi
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -m scripts.relayctl "$@"

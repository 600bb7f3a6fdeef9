"""`unhurried` is standard output for a narration that waits for no reader: the relay is minded all the while.

A log collector that hangs would else hold up the process that starts a service, which then neither notices that the
relay has died nor ends when it is told to.
"""

from __future__ import annotations

from typing import TextIO, cast

from relay.log.output import Output


def unhurried(stream: TextIO) -> TextIO:
    """Returns a stream to the same place; a terminal's own, which Ctrl-C frees."""
    return stream if stream.isatty() else cast(TextIO, _Unhurried(stream))


class _Unhurried:
    """As much of a stream as a narration needs."""

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self.encoding = stream.encoding
        self._output = Output(stream.fileno(), lambda count: f"… {count} parts are missing here …\n")

    def write(self, text: str) -> int:
        # The output is in UTF-8, of which other encodings share the plain characters. Customers write what they like.
        shown = "utf-8" if self.encoding.lower() == "utf-8" else "ascii"
        self._output.write([(False, text.encode(shown, "replace").decode())])
        return len(text)

    def flush(self) -> None:
        """What finds room has gone already."""

    def isatty(self) -> bool:
        return False

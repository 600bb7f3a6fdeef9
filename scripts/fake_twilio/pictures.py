"""Pictures of what customers want hauled away, drawn here: small PNG files for phones to attach."""

import functools
import struct
import zlib
from collections.abc import Callable

from scripts.fake_twilio.media import File

_WIDTH, _HEIGHT = 320, 240
_Colour = tuple[int, int, int]
_WALL, _FLOOR, _DARK, _WHITE = (223, 230, 226), (176, 157, 134), (60, 52, 46), (246, 246, 242)
_CARTON, _TAPE, _TEAL, _STEEL, _LEAF = (196, 154, 103), (224, 198, 155), (38, 120, 112), (150, 160, 165), (74, 124, 68)


class _Drawing:
    """A picture of a few colours, before a wall and on a floor."""

    def __init__(self) -> None:
        self._colours: dict[_Colour, int] = {}
        self._rows = [bytearray(_WIDTH) for _ in range(_HEIGHT)]
        self.box(0, 0, _WIDTH, 170, _WALL)
        self.box(0, 170, _WIDTH, 70, _FLOOR)

    def _number(self, colour: _Colour) -> int:
        return self._colours.setdefault(colour, len(self._colours))

    def box(self, left: int, top: int, width: int, height: int, colour: _Colour) -> None:
        for row in self._rows[top : top + height]:
            row[left : left + width] = bytes([self._number(colour)]) * len(row[left : left + width])

    def oval(self, left: int, top: int, width: int, height: int, colour: _Colour) -> None:
        for y in range(height):
            from_middle = (2 * y + 1 - height) / height
            half = int(width / 2 * (1 - from_middle**2) ** 0.5)
            self.box(left + width // 2 - half, top + y, 2 * half, 1, colour)

    def png(self) -> bytes:
        """Returns the picture as a PNG file with a palette."""
        header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
        palette = b"".join(bytes(colour) for colour in self._colours)
        lines = b"".join(b"\0" + bytes(row) for row in self._rows)
        parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_part(name, data) for name, data in parts)


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _couch(drawing: _Drawing) -> None:
    drawing.oval(40, 180, 240, 36, _DARK)
    drawing.box(60, 80, 200, 70, _TEAL)
    drawing.box(40, 105, 34, 85, _TEAL)
    drawing.box(246, 105, 34, 85, _TEAL)
    for left in (78, 162):
        drawing.box(left, 132, 80, 30, (60, 150, 140))
    drawing.box(74, 162, 172, 28, (28, 92, 86))
    for left in (52, 256):
        drawing.box(left, 190, 10, 14, _DARK)


def _boxes(drawing: _Drawing) -> None:
    for left, top, size in ((40, 120, 90), (140, 105, 105), (70, 50, 70), (250, 150, 55)):
        drawing.box(left, top, size, size, _CARTON)
        drawing.box(left, top, size, 3, _DARK)
        drawing.box(left + size - 3, top, 3, size, (150, 112, 70))
        drawing.box(left + size // 2 - 6, top + 3, 12, size // 3, _TAPE)


def _fridge(drawing: _Drawing) -> None:
    drawing.oval(95, 205, 140, 22, _DARK)
    drawing.box(105, 25, 110, 190, _WHITE)
    drawing.box(105, 85, 110, 3, _STEEL)
    drawing.box(208, 25, 7, 190, _STEEL)
    for top, height in ((45, 30), (100, 60)):
        drawing.box(115, top, 6, height, _DARK)
    drawing.box(150, 120, 24, 18, (235, 190, 70))


def _mattress(drawing: _Drawing) -> None:
    drawing.box(50, 60, 220, 130, _WHITE)
    for left in range(58, 262, 26):
        for top in range(70, 180, 26):
            drawing.oval(left, top, 14, 14, (204, 214, 224))
    drawing.box(50, 184, 220, 12, (150, 170, 195))
    drawing.oval(170, 110, 60, 36, (222, 204, 160))


def _branches(drawing: _Drawing) -> None:
    for left, top, width in ((30, 130, 150), (120, 110, 170), (80, 90, 130), (60, 150, 220)):
        drawing.oval(left, top, width, width // 3, _LEAF)
    for left, top in ((50, 165), (110, 140), (170, 175), (150, 120)):
        drawing.box(left, top, 110, 6, (104, 74, 48))


_DRAWN: dict[str, Callable[[_Drawing], None]] = {
    "A couch": _couch,
    "Boxes": _boxes,
    "A fridge": _fridge,
    "A mattress": _mattress,
    "Branches": _branches,
}
PICTURES = tuple(_DRAWN)


@functools.cache
def picture(name: str) -> File:
    """Returns one of PICTURES."""
    drawing = _Drawing()
    _DRAWN[name](drawing)
    return File("image/png", drawing.png())

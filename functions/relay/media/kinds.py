"""Kind says of a file's content type what the page shows it as, and what a browser is told to do with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNKNOWN = "application/octet-stream"

# What browsers show as a picture and never execute: no SVG, which is a document with scripts.
_PICTURES = {
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/tiff": "tif",
}
# No +: whatever ends with +xml is a document to browsers.
_PLAYED = re.compile(r"(video|audio)/[a-z0-9.-]{1,40}")
_PLAYED_AS = {
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/amr": "amr",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/3gpp": "3gp",
}
_CARDS = frozenset({"text/vcard", "text/x-vcard", "text/directory", "application/vcard"})
# Downloads that keep their type. Of any other the type is not told, so that nothing has a way to execute it.
_DOWNLOADED_AS = {
    **dict.fromkeys(_CARDS, "vcf"),
    "application/pdf": "pdf",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/rtf": "rtf",
    "text/plain": "txt",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What is done with files of one type.

    Attributes:
        tag: the page's element that shows it: img, video, audio; "a" for a link to download it.
        name: what a person calls such a file.
        content_type: as what it is handed out.
        ending: of the name of its file.
    """

    tag: str
    name: str
    content_type: str
    ending: str

    @property
    def is_shown(self) -> bool:
        """Returns whether a browser may show it by itself, and not only download it."""
        return self.tag != "a"

    def title(self, number: int) -> str:
        """Returns what the page calls the file with this number."""
        return f"{self.name} {number}"

    def file_name(self, number: int) -> str:
        """Returns a name of at most 20 characters, as the provider wants it of files that it fetches."""
        return f"{self.name.partition(' ')[0].lower()}-{number}.{self.ending}"


def kind_of(content_type: str) -> Kind:
    """Returns what is done with a file of this type, which is in small letters and without parameters."""
    if content_type in _PICTURES:
        return Kind("img", "Photo", content_type, _PICTURES[content_type])
    if played := _PLAYED.fullmatch(content_type):
        name = "Video" if played[1] == "video" else "Sound"
        return Kind(played[1], name, content_type, _PLAYED_AS.get(content_type, "bin"))
    name = "Contact card" if content_type in _CARDS else "File"
    if content_type in _DOWNLOADED_AS:
        return Kind("a", name, content_type, _DOWNLOADED_AS[content_type])
    return Kind("a", name, UNKNOWN, "bin")

"""What is wrong with the files that came with texts."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class MediaFaults:
    """Of all files at once; what is said of seconds counts from when a file came to Twilio.

    missing_seconds: asked for before, a file is not found (404), though its webhook names it.
    unlisted_seconds: for so long the list of a message's files is empty.
    is_gone: files are not found, as when they have been deleted.
    has_old_links: the address to which a request is sent on has been over for a while (403).
    redirects_to: where a request for a file is sent on to instead: "https://elsewhere.example.com/couch.jpg".
    redirects_again: the second host sends it on once more.
    content_type: as which the second host serves every file.
    is_empty: the second host serves no bytes.
    is_endless: it serves bytes without end, and tells no length.
    bytes_per_second: how fast it serves; 0: as fast as it can.
    """

    missing_seconds: float = 0.0
    unlisted_seconds: float = 0.0
    is_gone: bool = False
    has_old_links: bool = False
    redirects_to: str = ""
    redirects_again: bool = False
    content_type: str = ""
    is_empty: bool = False
    is_endless: bool = False
    bytes_per_second: float = 0.0

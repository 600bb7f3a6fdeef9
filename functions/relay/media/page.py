"""`page` and `sentence` make what the link opens: the files or one sentence, and nothing of the text, for no stranger.

No words, number, title or tag of which a preview could be made, and no script. What a messenger, a search engine or a
passer-by gets to see of the link is that there are pictures.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from relay.media.kinds import Kind
from relay.web import Response

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;padding:8px;font:17px/1.4 system-ui,sans-serif;background:Canvas;color:CanvasText}
main{max-width:720px;margin:auto;display:grid;gap:8px}
img,video{display:block;width:100%;min-height:9rem;max-height:100vh;object-fit:contain}
audio{width:100%}
p{margin:0}
p a{display:block;padding:12px 0}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# Of every answer, files too: a browser makes a page of its own around a picture or a video.
HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "img-src 'self'",
            "media-src 'self'",
            f"style-src 'sha256-{_STYLE_HASH}'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet, noimageindex",
}


def page(token: str, kinds: Sequence[Kind], note: str = "") -> Response:
    """Returns the page of these files, by their numbers from 1; with `note`, a sentence below them."""
    shown = [_shown(f"{token}/{number}", kind.title(number), kind) for number, kind in enumerate(kinds, 1)]
    return _html(200, "\n".join([*shown, *([f"<p>{note}</p>"] if note else [])]))


def sentence(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    """Returns a page of one sentence."""
    return _html(status, f"<p>{words}</p>", headers)


def _shown(place: str, title: str, kind: Kind) -> str:
    # Beside the page's own address, whatever stands before it.
    if kind.tag == "img":
        return f'<a href="{place}"><img src="{place}" alt="{title}" loading="lazy"></a>'
    to_save = f'<p><a href="{place}" download>{title}</a></p>'
    if not kind.is_shown:
        return to_save
    # Also to be saved: browsers do not play all that phones record (AMR, 3GPP), and other programs do.
    return f'<{kind.tag} src="{place}" aria-label="{title}" controls preload="metadata"></{kind.tag}>\n{to_save}'


def _html(status: int, content: str, headers: dict[str, str] | None = None) -> Response:
    body = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{content}\n</main>\n</body>\n</html>\n"
    )
    return Response(status, body.encode(), {"Content-Type": "text/html; charset=utf-8", **HEADERS, **(headers or {})})

"""Our own static files: a few, read once, served from memory under a name that changes with their content.

Not Django's staticfiles: that wants a collect step at deployment and another server beside us. A browser may keep a
file for ever, because a changed one has another address.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    version: str
    type: str
    content: bytes


@cache
def assets() -> dict[str, Asset]:
    """All files by name."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = Asset(blake2b(content, digest_size=6).hexdigest(), _TYPES[path.suffix], content)
    return found


def asset_url(name: str) -> str:
    """The file's address. Raises KeyError for a file that we do not have."""
    return f"/static/{assets()[name].version}/{name}"


def serve(request: HttpRequest, version: str, name: str) -> HttpResponse:
    asset = assets().get(name)
    if asset is None or asset.version != version:
        raise Http404
    return HttpResponse(
        asset.content, content_type=asset.type, headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )

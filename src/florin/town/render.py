"""The street's template and its two files, read once. Django's templates, because the house's pages are written in them."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from django.template import Context, Engine
from django.template.base import Template

from florin.pages.assets import assets as house_assets
from florin.town.page import StreetShown

_FOLDER = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class Asset(NamedTuple):
    version: str
    type: str
    content: bytes


def render_street(shown: StreetShown, *, pin: str, pages_url: str) -> str:
    """The whole page as HTML. pin: everybody's, at the cashier."""
    context = {"street": shown, "language": shown.language, "pin": pin, "pages_url": pages_url}
    return str(_template().render(Context(context)))


@cache
def asset(name: str) -> Asset | None:
    """One of the street's files, or the house's coin; None when there is none of that name."""
    if name in ("street.css", "street.js"):
        path = Path(f"{_FOLDER}/static/{name}")
        content = path.read_bytes()
        return Asset(blake2b(content, digest_size=6).hexdigest(), _TYPES[path.suffix], content)
    if name == "florin.svg":
        return Asset(*house_assets()[name])
    return None


def asset_url(name: str) -> str:
    found = asset(name)
    assert found is not None, f"the street has no file {name}"
    return f"/static/{found.version}/{name}"


@cache
def _template() -> Template:
    engine = Engine(dirs=[_FOLDER / "templates"], builtins=["florin.town.template_tags"])
    return engine.get_template("street.html")

"""QR codes as SVG: sharp on every screen and on paper, and nothing that a strict policy would refuse."""

from __future__ import annotations

from io import BytesIO

import segno


def qr_svg(text: str) -> str:
    """An `<svg>` element, dark on white whatever the page's colors: a scanner needs the contrast and the quiet zone."""
    out = BytesIO()
    code = segno.make(text, error="m", micro=False)
    look = {"dark": "#000", "light": "#fff", "border": 3, "omitsize": True, "svgclass": None, "lineclass": None}
    code.save(out, kind="svg", xmldecl=False, nl=False, **look)
    return out.getvalue().decode()

"""A figure of the lab's report as a picture, for the docs.

    florin lab run fulcrum --html fulcrum.html
    python tests/browser/picture.py fulcrum.html fulcrum-0 docs/pictures/lab-fulcrum.png

In English and light, at twice the size of a figure on a desk. The browser is the tests' own (CHROMIUM names another).
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
WIDTH = 870  # of the picture; twice as many points


def take(page: Path, figure: str, picture: Path, *, chromium: str = CHROMIUM) -> None:
    """figure: its id in the page: the experiment's name, a hyphen, its number from 0."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(
            viewport={"width": WIDTH, "height": 1200}, device_scale_factor=2, locale="en-US", color_scheme="light"
        )
        shown.goto(page.resolve().as_uri())
        shown.add_style_tag(
            content=f"#{figure} {{ position: fixed; inset: 0 auto auto 0; z-index: 9; width: {WIDTH}px; margin: 0;"
            " padding: 1.5rem; background: var(--card); } .switches, details { display: none; }"
        )
        shown.evaluate("dispatchEvent(new Event('resize'))")
        shown.set_viewport_size({"width": WIDTH + 1, "height": 1200})  # the page draws anew when it is as wide as asked
        shown.wait_for_timeout(500)
        shown.locator(f"#{figure}").screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    take(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))

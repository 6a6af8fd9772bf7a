"""The report: every experiment on one page that opens from a file, in Chinese and English, without a server or a network.

`page.py` writes the HTML: all words, numbers and tables, so that they can be read without a script. `page.js` draws the charts
from the same records and moves the sliders of a grid; `page.css` makes it a page. The libraries in `vendor` go into it whole.
"""

from florin.lab.report.page import Entry, Opening, page

__all__ = ["Entry", "Opening", "page"]

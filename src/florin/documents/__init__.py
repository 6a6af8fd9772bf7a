"""Documents: what a person keeps. A statement as plain data in her language (`statement.py`), and as a PDF (`pdf.py`).

Pages and wires both give it out, so it is neither's. The font is our own copy: a machine without any makes the same PDF.
"""

from florin.documents.lender import Lender
from florin.documents.pdf import statement_pdf
from florin.documents.statement import Row, Sheet, sheet_of

__all__ = ["Lender", "Row", "Sheet", "sheet_of", "statement_pdf"]

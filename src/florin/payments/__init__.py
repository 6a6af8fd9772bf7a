"""Payments: what a merchant asks, what a shopper pays it with, and what becomes of it.

A *trade* is the question (`trade.py`), a *payment* the answer (`payment.py`). Each action is a file: `ask`, `pay`, `charge`
(ask and pay at once), `capture`, `receive`, `void`, `refund`, `close`, and `settle` for the merchant's side. Three flows:
DIRECT is owed and payable at payment, ESCROW at receipt, MANUAL at capture. What each event moves in the book is `post.py`.
"""

"""Campaigns: what a sponsor gives shoppers, and the budget that it never gives more than.

A *campaign* is data of the owner (`open.py`): coupons, or a part of an installment fee, paid by the mall, by the state through
the mall, or by a merchant as a discount of his own. Its *budget* is an allotment in slices (`budget.py`): topped up, recalled,
spent by payments and refilled by what they give back. A *coupon* (`coupon.py`) is a tender beside credit and wallet.
Campaigns know of no payment; `florin.payments` asks them.
"""

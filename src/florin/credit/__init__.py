"""Credit: a line, what is owed on it, and the rules that say so.

A *program* is a product as data (`terms.py`, `program.py`). A *line* (`line.py`) is one row, enough for the till
(`authorize.py`). Its *account* (`account.py`) is what the line's sums consist of: purchases, plans and statements
(`items.py`), folded from events. Each action is a file: `open`, `limit`, `freeze`, `close`, `repay`, and `refund` for
the credit side of a refund. What the clock does is `closing.py`; interest, the minimum and the order of clearing have a
file each. All of it is pure: values in, values out.
"""

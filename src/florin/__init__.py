"""Florin: shop now, pay later, run by the owner of the shops.

A payment tells the whole story of the house. It comes in by a *wire* (a program's protocol) or a *page* (a person's
screen), which turn it into a command. The *engine* takes commands in batches: it claims, loads, asks the pure rules of
*payments*, *credit* and *wallet* what follows, lets the *ledger* write down which accounts move, and answers once all
of it is committed. *Queries* read; the *store* keeps PostgreSQL alive beneath; *app* is the one place where the parts
are joined, and *cli* is how an operator reaches them. Imports run downward in that order, and a contract checks it.
"""

__version__ = "0.1.0"

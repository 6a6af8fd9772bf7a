"""The town: a world to look at the house from. A street of five shop fronts, each with terms of its own, and four shoppers.

The town is a client of the house. Its shops (`shops.py`) ask for payment over the public wires with their own keys and say
"paid" when they have been told so, by a signature that they have checked. Its people (`people.py`) pay at the house's own
cashier. What the page (`page.py`, `server.py`) shows beside it, which line answers what at which door (`answers.py`) and who
got which fen (`fen.py`), is read from the house by its public questions. Nothing here decides about money.
"""

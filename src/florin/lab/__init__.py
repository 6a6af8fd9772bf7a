"""The lab: who gains when an ecosystem lends, computed with the house's own rules.

People have incomes, pay days and needs (`people.py`, `needs.py`); each need looks for an outlet and a tender, now, later or
not at all (`outlets.py`, `choice.py`), day by day (`simulate.py`), while a book of each issuer says what they may spend and
owe (`book`).
A *world* says who lends and where it is accepted (`world.py`); all else of two worlds is drawn alike (`draws.py`), so that
they differ by their cause alone. `compare.py` classes what credit changed, `surplus.py` says who got which fen of it. The
equations are in docs/explanation/lab.md.

Sales lift is what comes out, never what goes in. Money is int64 fen, rates are integers with a unit (`units.py`); floats only
where people choose.
"""

"""What wires have in common that deal in trades by order numbers and sign with RSA: the desk behind each counter.

    desk.py        one call's surroundings: the engine, the reads, whose app it is; faults on purpose
    trades.py      which trade a shop means, how it stands, what was refunded of it
    transfers.py   which transfer a merchant means
    told.py        what a message of the outbox holds
    addresses.py   where a shop may ask to be told
    findings.py    what a wrong signature says of itself: whose key made it, over which digest
    failures.py    wrong signatures, kept for the merchant's page
    signatures.py  made in threads, for many answers at a time
    pace.py        how often one app may have a wrong signature explained

No foreign word is known here: those stay in the wires.
"""

from florin.wires.desk.desk import Desk, Faults, NoFaults, codes_of, refund_claim

__all__ = ["Desk", "Faults", "NoFaults", "codes_of", "refund_claim"]

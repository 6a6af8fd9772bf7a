"""ISO 20022: the files that a house and its bank exchange, written and read.

    xml.py         one way to read a file that somebody else wrote: no document type, no entities, bounded
    initiation.py  pain.001, credit transfers that we order; pain.008, debits that we ask for
    status.py      pain.002, what the bank says of them
    statement.py   camt.053, the statement of a day; camt.054, what was booked between two of them

Amounts are integers of minor units here and decimal text in a file, with their currency; a file whose sums do not add up is
refused by name and has no effect. Versions are those of the standard's 2019 release, which most banks take.
"""

from florin.bank.iso20022.initiation import Initiation, Order, read_initiation, write_initiation
from florin.bank.iso20022.statement import Balance, Entry, Statement, read_statement, write_statement
from florin.bank.iso20022.status import OrderStatus, StatusReport, read_status, write_status
from florin.bank.iso20022.xml import FileRefused, message_of

__all__ = [
    "Balance",
    "Entry",
    "FileRefused",
    "Initiation",
    "Order",
    "OrderStatus",
    "Statement",
    "StatusReport",
    "message_of",
    "read_initiation",
    "read_statement",
    "read_status",
    "write_initiation",
    "write_statement",
    "write_status",
]

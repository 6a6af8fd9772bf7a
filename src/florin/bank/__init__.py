"""The bank: the outside where real money lies, behind a port, with a simulated one to run on.

`port.py` says what the house asks of its bank; `simulated.py` is a bank that keeps its own statement (table `bank_line`)
and answers at once; `counter.py` carries money over the counter, both ways: incoming money becomes a top-up or a
repayment, payouts and withdrawals are handed out and their answers recorded. The proof compares the bank's statement with
our cash accounts, so the bank never reads our books and the books never read the bank.
"""

from florin.bank.counter import receive_repayment, receive_top_up, settle_outgoing
from florin.bank.port import Bank, BankAccount, BankAnswer, BankLine, Debit
from florin.bank.simulated import SimulatedBank

__all__ = [
    "Bank",
    "BankAccount",
    "BankAnswer",
    "BankLine",
    "Debit",
    "SimulatedBank",
    "receive_repayment",
    "receive_top_up",
    "settle_outgoing",
]

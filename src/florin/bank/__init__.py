"""The bank: the outside where real money lies, behind a port, with a simulated one to run on.

    port.py         what the house asks of its bank
    simulated.py    a bank that answers at once and writes no files
    files.py        a bank that is spoken to by files: orders out, answers and statements in
    take.py         what a bank's file says, written down once
    iso20022/       those files, written and read
    folder.py       where they lie
    clockwork.py    a simulated bank behind files, which lives by the clock: it delays, rejects, returns and errs on command
    choose.py       which of the three stands behind the port
    counter.py      money over the counter, both ways: incoming money becomes a top-up or a repayment, payouts and withdrawals
                    are handed out, and the bank's answers recorded
    reconcile.py    each account beside the bank's statement: matches, breaks, receipts that fit nothing

What the bank has booked is in table `bank_line`. The proof compares it with our cash accounts, so the bank never reads our
books and the books never read the bank.
"""

from florin.bank.choose import MODES, Mode, bank_of, choose_bank, mode_of
from florin.bank.counter import receive_repayment, receive_top_up, record_answers, settle_outgoing
from florin.bank.files import FileBank
from florin.bank.folder import BankFolder
from florin.bank.port import Bank, BankAccount, BankAnswer, BankLine, Debit
from florin.bank.reconcile import Reconciled, reconcile
from florin.bank.simulated import SimulatedBank

__all__ = [
    "MODES",
    "Bank",
    "BankAccount",
    "BankAnswer",
    "BankFolder",
    "BankLine",
    "Debit",
    "FileBank",
    "Mode",
    "Reconciled",
    "SimulatedBank",
    "bank_of",
    "choose_bank",
    "mode_of",
    "receive_repayment",
    "receive_top_up",
    "reconcile",
    "record_answers",
    "settle_outgoing",
]

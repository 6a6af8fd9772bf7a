"""Post: the one table that says which accounts a cause moves.

A rule is a cause's name; its legs are what it debits and credits, each within one book. Money between two books is a pair
over `due to` and `due from`. An entry is a rule and an amount; the event it stands in names the owners. A negative rule
number is the same rule the other way round: debit and credit change places, the amount stays above zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from florin.ledger.accounts import ACCOUNTS, Account


class Rule(IntEnum):
    """Why money moves. Numbers are stored and never reused."""

    HOLD_CREDIT = 1
    COMMIT_CREDIT = 2
    DRAW_CREDIT = 3
    ESCROW_WALLET = 4
    RELEASE_ESCROW = 5
    CHARGE_MDR = 6
    CHARGE_MERCHANT_FEE = 7
    CHARGE_SHOPPER_FEE = 8
    EARN_FEE = 9
    BILL_PRINCIPAL = 10
    BILL_FEE = 11
    ACCRUE_INTEREST = 12
    BILL_INTEREST = 13
    AGE_PRINCIPAL = 14
    CLEAR_PRINCIPAL_UNBILLED = 15
    CLEAR_PRINCIPAL_BILLED = 16
    CLEAR_PRINCIPAL_PAST_DUE = 17
    CLEAR_FEE_UNBILLED = 18
    CLEAR_FEE_BILLED = 19
    CLEAR_INTEREST_ACCRUED = 20
    CLEAR_INTEREST_BILLED = 21
    KEEP_CREDIT_BALANCE = 22
    PAY_CREDIT_BALANCE = 23
    REPAY_FROM_WALLET = 25
    REPAY_FROM_BANK = 26
    REFUND_CREDIT = 27
    REFUND_WALLET = 28
    TOP_UP = 29
    WITHDRAW = 30
    SETTLE_WITHDRAWAL = 31
    SWEEP_OUT = 32
    SWEEP_IN = 33
    PAY_OUT = 34
    SETTLE_PAYOUT = 35
    NET_BOOKS = 36
    LENDER_PAYS = 37
    PAYMENTS_PAYS = 38
    SWEEP_FEES = 39
    TRANSFER_OUT = 310
    TRANSFER_IN = 311
    USE_CREDIT_BALANCE_BILLED = 40
    CHARGE_PENALTY = 41
    CLEAR_PENALTY = 42
    CHARGE_COST = 43
    CLEAR_COST = 44
    STOP_INTEREST = 45
    STOP_PENALTY = 46
    ACCRUE_INTEREST_MEMO = 47
    CHARGE_PENALTY_MEMO = 48
    CLEAR_INTEREST_MEMO = 49
    CLEAR_PENALTY_MEMO = 50
    USE_CREDIT_BALANCE_PAST_DUE = 53
    USE_CREDIT_BALANCE_FEE = 54
    USE_CREDIT_BALANCE_INTEREST = 55
    USE_CREDIT_BALANCE_PENALTY = 56
    LEND_OVERPAID = 57
    DRAW_INTO_ESCROW = 130
    RECEIVE_DRAWN = 131
    RETURN_DRAWN = 132
    WRITE_OFF_UNBILLED = 90
    WRITE_OFF_BILLED = 91
    WRITE_OFF_PAST_DUE = 92
    WRITE_OFF_FEE_UNBILLED = 93
    WRITE_OFF_FEE = 94
    WRITE_OFF_INTEREST = 95
    WRITE_OFF_PENALTY = 96
    WRITE_OFF_COST = 97
    WAIVE_INTEREST = 98
    WAIVE_PENALTY = 99
    CLAIM_PRINCIPAL = 100
    CLAIM_FEE = 101
    CLAIM_INTEREST = 102
    CLAIM_PENALTY = 103
    CLAIM_COST = 104
    CLEAR_CLAIM_PRINCIPAL = 105
    CLEAR_CLAIM_FEE = 106
    CLEAR_CLAIM_INTEREST = 107
    CLEAR_CLAIM_PENALTY = 108
    CLEAR_CLAIM_COST = 109
    PROVIDE = 110
    GIVE_BACK_FEE = 70
    CHARGE_PLAN_PAYOFF = 71
    CARRY_INTEREST = 170
    CARRY_PENALTY = 171
    CARRY_COST = 172
    ESCROW_COUPON = 150
    REFUND_COUPON = 151
    CLAIM_ON_STATE = 152
    STATE_PAYS = 153
    MALL_PAYS_PAYMENTS = 154
    GIVE_DISCOUNT = 155
    ALLOT_BUDGET = 156
    SELL_CLAIM_PRINCIPAL = 180
    SELL_CLAIM_FEE = 181
    SELL_CLAIM_INTEREST = 182
    SELL_CLAIM_PENALTY = 183
    SELL_CLAIM_COST = 184
    EARN_SALE_PRICE = 185
    PASS_TO_CLAIM_BUYER = 186
    FUND_LOAN = 200
    SHARE_PRINCIPAL = 201
    CHARGE_OFF_SHARE = 202
    SHARE_RECOVERY = 203
    SHARE_INCOME = 204
    CHARGE_SERVICING = 205
    NET_PARTNER = 206
    LENDER_PAYS_PARTNER = 207
    PARTNER_PAYS = 208
    SELL_SHARE = 209
    SHARE_SALE_PRICE = 210
    BUYER_PAYS = 220
    PAY_CLAIM_BUYER = 221
    TAKE_BACK_FROM_BUYER = 222
    HOLD_RESERVE = 275
    MERCHANT_PAYS_BACK = 276
    PROMISE_SUBSIDY = 157
    SUBSIDIZE_FEE = 158
    MALL_PAYS_LENDER = 159
    RELEASE_COUPON = 160
    HOLD_DISPUTED = 260
    CHARGE_RETURN_FEE = 261
    CHARGE_CREDIT_FEE = 240
    CHARGE_COMMISSION = 241
    CHARGE_SOFTWARE_FEE = 242
    PAY_INTERCHANGE = 243
    OWE_NETWORK_ACQUIRER = 244
    OWE_NETWORK_ISSUER = 245
    PAYMENTS_PAY_NETWORK = 246
    LENDER_PAYS_NETWORK = 247
    PAYMENTS_PAY_MALL = 248
    CHARGE_WITHDRAWAL = 249
    RECEIVE_UNALLOCATED = 290
    SEND_BACK_RECEIPT = 291
    BANK_CHARGE = 292
    MAKE_GOOD = 293
    FREEZE_SHARES = 300
    SHARE_OUT = 301
    SHARE_IN = 302
    SHARE_TO_PERSON = 303
    RETURN_SHARE = 304


class Leg(NamedTuple):
    """One transfer: both accounts are of one book."""

    debit: Account
    credit: Account


class Entry(NamedTuple):
    """An amount derived by folding events, and why.

    subject_id: the purchase it is about, or the campaign that bears it; 0 is the event's own payment.
    """

    rule: Rule
    amount_minor: int
    subject_id: int = 0
    reversed: bool = False


class Transfer(NamedTuple):
    debit: Account
    credit: Account
    amount_minor: int


_CLAIMED = {
    memo: Leg(memo, Account.MEMO_CLAIM_CONTRA)
    for memo in (
        Account.MEMO_CLAIM_PRINCIPAL,
        Account.MEMO_CLAIM_FEE,
        Account.MEMO_CLAIM_INTEREST,
        Account.MEMO_CLAIM_PENALTY,
        Account.MEMO_CLAIM_COST,
    )
}
_RECOVERED = Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.RECOVERY_INCOME)

POSTINGS: dict[Rule, tuple[Leg, ...]] = {
    # a hold and a commitment are promises: memo in the lender's book, and guaranteed escrow in the payment institution's
    Rule.HOLD_CREDIT: (Leg(Account.MEMO_HELD, Account.MEMO_COMMITMENT_CONTRA),),
    Rule.COMMIT_CREDIT: (
        Leg(Account.MEMO_COMMITTED, Account.MEMO_COMMITMENT_CONTRA),
        Leg(Account.MEMO_GUARANTEED_ESCROW, Account.MEMO_GUARANTEE_CONTRA),
    ),
    # where a loan begins at payment (draws_on = "payment"), it waits in real escrow; receipt makes it debt to be billed
    Rule.DRAW_INTO_ESCROW: (
        Leg(Account.LOANS_IN_ESCROW, Account.LENDER_DUE_TO_PAYMENTS),
        Leg(Account.PAYMENTS_DUE_FROM_LENDER, Account.FUNDED_ESCROW),
    ),
    Rule.RECEIVE_DRAWN: (
        Leg(Account.PRINCIPAL_UNBILLED, Account.LOANS_IN_ESCROW),
        Leg(Account.FUNDED_ESCROW, Account.MERCHANT_PAYABLE),
    ),
    Rule.RETURN_DRAWN: (
        Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.LOANS_IN_ESCROW),
        Leg(Account.FUNDED_ESCROW, Account.PAYMENTS_DUE_TO_LENDER),
    ),
    # receipt or direct capture: the shopper owes the lender, the lender owes the institution, the institution the merchant
    Rule.DRAW_CREDIT: (
        Leg(Account.PRINCIPAL_UNBILLED, Account.LENDER_DUE_TO_PAYMENTS),
        Leg(Account.PAYMENTS_DUE_FROM_LENDER, Account.MERCHANT_PAYABLE),
    ),
    Rule.ESCROW_WALLET: (Leg(Account.WALLET, Account.FUNDED_ESCROW),),
    Rule.RELEASE_ESCROW: (Leg(Account.FUNDED_ESCROW, Account.MERCHANT_PAYABLE),),
    Rule.CHARGE_MDR: (Leg(Account.MERCHANT_PAYABLE, Account.MDR_INCOME),),
    # installment fees are income only as installments are billed; until then they are deferred
    Rule.CHARGE_MERCHANT_FEE: (
        Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.DEFERRED_FEE_INCOME),
        Leg(Account.MERCHANT_PAYABLE, Account.PAYMENTS_DUE_TO_LENDER),
    ),
    Rule.CHARGE_SHOPPER_FEE: (Leg(Account.FEE_UNBILLED, Account.DEFERRED_FEE_INCOME),),
    # a fee up front that was billed and is not earned goes back as money does: its other side is what it clears
    Rule.GIVE_BACK_FEE: (Leg(Account.DEFERRED_FEE_INCOME, Account.LENDER_DUE_FROM_PAYMENTS),),
    Rule.CHARGE_PLAN_PAYOFF: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.FEE_INCOME),),
    Rule.EARN_FEE: (Leg(Account.DEFERRED_FEE_INCOME, Account.FEE_INCOME),),
    # a hardship plan: what was charged and billed is owed in its installments; it was income when it was charged
    Rule.CARRY_INTEREST: (Leg(Account.FEE_UNBILLED, Account.INTEREST_BILLED),),
    Rule.CARRY_PENALTY: (Leg(Account.FEE_UNBILLED, Account.PENALTY_BILLED),),
    Rule.CARRY_COST: (Leg(Account.FEE_UNBILLED, Account.COST_BILLED),),
    # cycle close and past due: the same debt in another stage
    Rule.BILL_PRINCIPAL: (Leg(Account.PRINCIPAL_BILLED, Account.PRINCIPAL_UNBILLED),),
    Rule.BILL_FEE: (Leg(Account.FEE_BILLED, Account.FEE_UNBILLED),),
    Rule.ACCRUE_INTEREST: (Leg(Account.INTEREST_ACCRUED, Account.INTEREST_INCOME),),
    Rule.BILL_INTEREST: (Leg(Account.INTEREST_BILLED, Account.INTEREST_ACCRUED),),
    Rule.AGE_PRINCIPAL: (Leg(Account.PRINCIPAL_PAST_DUE, Account.PRINCIPAL_BILLED),),
    # what a repayment or a refund clears in the lender's book; its other side is one of the next four
    Rule.CLEAR_PRINCIPAL_UNBILLED: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.PRINCIPAL_UNBILLED),),
    Rule.CLEAR_PRINCIPAL_BILLED: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.PRINCIPAL_BILLED),),
    Rule.CLEAR_PRINCIPAL_PAST_DUE: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.PRINCIPAL_PAST_DUE),),
    Rule.CLEAR_FEE_UNBILLED: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.FEE_UNBILLED),),
    Rule.CLEAR_FEE_BILLED: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.FEE_BILLED),),
    Rule.CLEAR_INTEREST_ACCRUED: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.INTEREST_ACCRUED),),
    Rule.CLEAR_INTEREST_BILLED: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.INTEREST_BILLED),),
    Rule.KEEP_CREDIT_BALANCE: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.CREDIT_BALANCE),),
    Rule.PAY_CREDIT_BALANCE: (
        Leg(Account.CREDIT_BALANCE, Account.LENDER_DUE_TO_PAYMENTS),
        Leg(Account.PAYMENTS_DUE_FROM_LENDER, Account.WALLET),
    ),
    Rule.USE_CREDIT_BALANCE_BILLED: (Leg(Account.CREDIT_BALANCE, Account.PRINCIPAL_BILLED),),
    Rule.USE_CREDIT_BALANCE_PAST_DUE: (Leg(Account.CREDIT_BALANCE, Account.PRINCIPAL_PAST_DUE),),
    Rule.USE_CREDIT_BALANCE_FEE: (Leg(Account.CREDIT_BALANCE, Account.FEE_BILLED),),
    Rule.USE_CREDIT_BALANCE_INTEREST: (Leg(Account.CREDIT_BALANCE, Account.INTEREST_BILLED),),
    Rule.USE_CREDIT_BALANCE_PENALTY: (Leg(Account.CREDIT_BALANCE, Account.PENALTY_BILLED),),
    # being late: charges and daily penalties, costs of collection
    Rule.CHARGE_PENALTY: (Leg(Account.PENALTY_BILLED, Account.PENALTY_INCOME),),
    Rule.CLEAR_PENALTY: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.PENALTY_BILLED),),
    Rule.CHARGE_COST: (Leg(Account.COST_BILLED, Account.COST_INCOME),),
    Rule.CLEAR_COST: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.COST_BILLED),),
    # non-accrual: what is billed and unpaid leaves income and assets for a memo; it is income again when it is paid
    Rule.STOP_INTEREST: (
        Leg(Account.INTEREST_INCOME, Account.INTEREST_BILLED),
        Leg(Account.MEMO_INTEREST, Account.MEMO_OFF_BOOKS_CONTRA),
    ),
    Rule.STOP_PENALTY: (
        Leg(Account.PENALTY_INCOME, Account.PENALTY_BILLED),
        Leg(Account.MEMO_PENALTY, Account.MEMO_OFF_BOOKS_CONTRA),
    ),
    Rule.ACCRUE_INTEREST_MEMO: (Leg(Account.MEMO_INTEREST, Account.MEMO_OFF_BOOKS_CONTRA),),
    Rule.CHARGE_PENALTY_MEMO: (Leg(Account.MEMO_PENALTY, Account.MEMO_OFF_BOOKS_CONTRA),),
    Rule.CLEAR_INTEREST_MEMO: (
        Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.INTEREST_INCOME),
        Leg(Account.MEMO_OFF_BOOKS_CONTRA, Account.MEMO_INTEREST),
    ),
    Rule.CLEAR_PENALTY_MEMO: (
        Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.PENALTY_INCOME),
        Leg(Account.MEMO_OFF_BOOKS_CONTRA, Account.MEMO_PENALTY),
    ),
    # charge-off: the loss takes up the allowance, and what is owed all the same is a claim, memo; installment fees to come were
    # never income, so they are no loss; interest that is waived is taken out of income again
    Rule.WRITE_OFF_UNBILLED: (
        Leg(Account.ALLOWANCE, Account.PRINCIPAL_UNBILLED),
        _CLAIMED[Account.MEMO_CLAIM_PRINCIPAL],
    ),
    Rule.WRITE_OFF_BILLED: (Leg(Account.ALLOWANCE, Account.PRINCIPAL_BILLED), _CLAIMED[Account.MEMO_CLAIM_PRINCIPAL]),
    Rule.WRITE_OFF_PAST_DUE: (
        Leg(Account.ALLOWANCE, Account.PRINCIPAL_PAST_DUE),
        _CLAIMED[Account.MEMO_CLAIM_PRINCIPAL],
    ),
    Rule.WRITE_OFF_FEE_UNBILLED: (
        Leg(Account.DEFERRED_FEE_INCOME, Account.FEE_UNBILLED),
        _CLAIMED[Account.MEMO_CLAIM_FEE],
    ),
    Rule.WRITE_OFF_FEE: (Leg(Account.ALLOWANCE, Account.FEE_BILLED), _CLAIMED[Account.MEMO_CLAIM_FEE]),
    Rule.WRITE_OFF_INTEREST: (Leg(Account.ALLOWANCE, Account.INTEREST_BILLED), _CLAIMED[Account.MEMO_CLAIM_INTEREST]),
    Rule.WRITE_OFF_PENALTY: (Leg(Account.ALLOWANCE, Account.PENALTY_BILLED), _CLAIMED[Account.MEMO_CLAIM_PENALTY]),
    Rule.WRITE_OFF_COST: (Leg(Account.ALLOWANCE, Account.COST_BILLED), _CLAIMED[Account.MEMO_CLAIM_COST]),
    Rule.WAIVE_INTEREST: (Leg(Account.INTEREST_INCOME, Account.INTEREST_BILLED),),
    Rule.WAIVE_PENALTY: (Leg(Account.PENALTY_INCOME, Account.PENALTY_BILLED),),
    Rule.CLAIM_PRINCIPAL: (_CLAIMED[Account.MEMO_CLAIM_PRINCIPAL],),
    Rule.CLAIM_FEE: (_CLAIMED[Account.MEMO_CLAIM_FEE],),
    Rule.CLAIM_INTEREST: (_CLAIMED[Account.MEMO_CLAIM_INTEREST],),
    Rule.CLAIM_PENALTY: (_CLAIMED[Account.MEMO_CLAIM_PENALTY],),
    Rule.CLAIM_COST: (_CLAIMED[Account.MEMO_CLAIM_COST],),
    # provision: what is expected to be lost; the other way where less is
    Rule.PROVIDE: (Leg(Account.IMPAIRMENT, Account.ALLOWANCE),),
    # recovery: money on a claim is income of its day
    Rule.CLEAR_CLAIM_PRINCIPAL: (_RECOVERED, Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_PRINCIPAL)),
    Rule.CLEAR_CLAIM_FEE: (_RECOVERED, Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_FEE)),
    Rule.CLEAR_CLAIM_INTEREST: (_RECOVERED, Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_INTEREST)),
    Rule.CLEAR_CLAIM_PENALTY: (_RECOVERED, Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_PENALTY)),
    Rule.CLEAR_CLAIM_COST: (_RECOVERED, Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_COST)),
    # sale: the memo is off, the price is owed by the buyer; what still arrives for a sold claim is his
    Rule.SELL_CLAIM_PRINCIPAL: (Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_PRINCIPAL),),
    Rule.SELL_CLAIM_FEE: (Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_FEE),),
    Rule.SELL_CLAIM_INTEREST: (Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_INTEREST),),
    Rule.SELL_CLAIM_PENALTY: (Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_PENALTY),),
    Rule.SELL_CLAIM_COST: (Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_CLAIM_COST),),
    Rule.EARN_SALE_PRICE: (Leg(Account.DUE_FROM_CLAIM_BUYERS, Account.CLAIM_SALE_INCOME),),
    Rule.PASS_TO_CLAIM_BUYER: (Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.DUE_TO_CLAIM_BUYERS),),
    # the buyer pays by bank, and is paid what is his; what was taken back of it he owes beside the price
    Rule.BUYER_PAYS: (Leg(Account.LENDER_BANK, Account.DUE_FROM_CLAIM_BUYERS),),
    Rule.PAY_CLAIM_BUYER: (Leg(Account.DUE_TO_CLAIM_BUYERS, Account.LENDER_BANK),),
    Rule.TAKE_BACK_FROM_BUYER: (Leg(Account.DUE_FROM_CLAIM_BUYERS, Account.DUE_TO_CLAIM_BUYERS),),
    # a joint loan: the customer owes the lender all of it; the partner bank's share is taken off that asset, and what is
    # collected on it is the partner's
    Rule.FUND_LOAN: (
        Leg(Account.LENDER_DUE_FROM_PARTNER, Account.PARTNER_SHARE),
        Leg(Account.PARTNER_LOANS, Account.PARTNER_DUE_TO_LENDER),
    ),
    Rule.SHARE_PRINCIPAL: (
        Leg(Account.PARTNER_SHARE, Account.LENDER_DUE_TO_PARTNER),
        Leg(Account.PARTNER_DUE_FROM_LENDER, Account.PARTNER_LOANS),
    ),
    # its loss is the partner's own: the allowance that the charge-off took up for all of the loan is given back
    Rule.CHARGE_OFF_SHARE: (
        Leg(Account.PARTNER_SHARE, Account.ALLOWANCE),
        Leg(Account.MEMO_CLAIM_CONTRA, Account.MEMO_PARTNER_CLAIM),
        Leg(Account.PARTNER_LOSSES, Account.PARTNER_LOANS),
        Leg(Account.MEMO_PARTNER_LOANS, Account.MEMO_PARTNER_CONTRA),
    ),
    Rule.SHARE_RECOVERY: (
        Leg(Account.RECOVERY_INCOME, Account.LENDER_DUE_TO_PARTNER),
        Leg(Account.MEMO_PARTNER_CLAIM, Account.MEMO_CLAIM_CONTRA),
        Leg(Account.PARTNER_DUE_FROM_LENDER, Account.PARTNER_RECOVERY_INCOME),
        Leg(Account.MEMO_PARTNER_CONTRA, Account.MEMO_PARTNER_LOANS),
    ),
    Rule.SHARE_INCOME: (
        Leg(Account.PARTNER_INCOME_SHARE, Account.LENDER_DUE_TO_PARTNER),
        Leg(Account.PARTNER_DUE_FROM_LENDER, Account.PARTNER_INCOME),
    ),
    Rule.SELL_SHARE: (
        Leg(Account.MEMO_PARTNER_CLAIM, Account.MEMO_CLAIM_CONTRA),
        Leg(Account.MEMO_PARTNER_CONTRA, Account.MEMO_PARTNER_LOANS),
    ),
    Rule.SHARE_SALE_PRICE: (
        Leg(Account.CLAIM_SALE_INCOME, Account.LENDER_DUE_TO_PARTNER),
        Leg(Account.PARTNER_DUE_FROM_LENDER, Account.PARTNER_RECOVERY_INCOME),
    ),
    Rule.CHARGE_SERVICING: (
        Leg(Account.LENDER_DUE_FROM_PARTNER, Account.SERVICING_INCOME),
        Leg(Account.PARTNER_SERVICING_COST, Account.PARTNER_DUE_TO_LENDER),
    ),
    # money that went to the wallet and, as a correction has shown, was not the customer's
    Rule.LEND_OVERPAID: (Leg(Account.PRINCIPAL_UNBILLED, Account.CREDIT_BALANCE),),
    Rule.REPAY_FROM_WALLET: (Leg(Account.WALLET, Account.PAYMENTS_DUE_TO_LENDER),),
    Rule.REPAY_FROM_BANK: (
        Leg(Account.SAFEGUARDED_CASH, Account.UNALLOCATED_RECEIPTS),
        Leg(Account.UNALLOCATED_RECEIPTS, Account.PAYMENTS_DUE_TO_LENDER),
    ),
    Rule.REFUND_CREDIT: (Leg(Account.MERCHANT_PAYABLE, Account.PAYMENTS_DUE_TO_LENDER),),
    Rule.REFUND_WALLET: (Leg(Account.MERCHANT_PAYABLE, Account.WALLET),),
    # what a merchant was paid is held until a dispute is decided; what the platform keeps of a return is a fee of his
    Rule.HOLD_DISPUTED: (Leg(Account.MERCHANT_PAYABLE, Account.DISPUTE_HELD),),
    Rule.CHARGE_RETURN_FEE: (Leg(Account.MERCHANT_PAYABLE, Account.MDR_INCOME),),
    # a sale that is to be shared is frozen until it is; what a receiver gets goes from the payer's lane to his own, and what he
    # gives back comes the same way and is payable to the merchant who had shared
    Rule.FREEZE_SHARES: (Leg(Account.MERCHANT_PAYABLE, Account.SHARES_FROZEN),),
    Rule.SHARE_OUT: (Leg(Account.SHARES_FROZEN, Account.SHARE_CLEARING),),
    Rule.SHARE_IN: (Leg(Account.SHARE_CLEARING, Account.MERCHANT_AVAILABLE),),
    Rule.SHARE_TO_PERSON: (Leg(Account.SHARE_CLEARING, Account.WALLET),),
    Rule.RETURN_SHARE: (Leg(Account.SHARE_CLEARING, Account.MERCHANT_PAYABLE),),
    # money in and out of the house
    Rule.TOP_UP: (Leg(Account.SAFEGUARDED_CASH, Account.WALLET),),
    Rule.WITHDRAW: (Leg(Account.WALLET, Account.PAYOUT_IN_TRANSIT),),
    Rule.SETTLE_WITHDRAWAL: (Leg(Account.PAYOUT_IN_TRANSIT, Account.SAFEGUARDED_CASH),),
    Rule.SWEEP_OUT: (Leg(Account.MERCHANT_PAYABLE, Account.LANE_CLEARING),),
    Rule.SWEEP_IN: (Leg(Account.LANE_CLEARING, Account.MERCHANT_AVAILABLE),),
    # what a merchant gives a person, from his home lane to hers
    Rule.TRANSFER_OUT: (Leg(Account.MERCHANT_AVAILABLE, Account.LANE_CLEARING),),
    Rule.TRANSFER_IN: (Leg(Account.LANE_CLEARING, Account.WALLET),),
    Rule.PAY_OUT: (Leg(Account.MERCHANT_AVAILABLE, Account.PAYOUT_IN_TRANSIT),),
    Rule.SETTLE_PAYOUT: (Leg(Account.PAYOUT_IN_TRANSIT, Account.SAFEGUARDED_CASH),),
    # a share of what a day brought is kept for a time; a merchant below zero pays back by bank
    Rule.HOLD_RESERVE: (Leg(Account.MERCHANT_AVAILABLE, Account.MERCHANT_RESERVE),),
    Rule.MERCHANT_PAYS_BACK: (Leg(Account.SAFEGUARDED_CASH, Account.MERCHANT_AVAILABLE),),
    # the daily bank line between lender and payment institution: first net, then the rest by whoever owes it
    Rule.NET_BOOKS: (
        Leg(Account.LENDER_DUE_TO_PAYMENTS, Account.LENDER_DUE_FROM_PAYMENTS),
        Leg(Account.PAYMENTS_DUE_TO_LENDER, Account.PAYMENTS_DUE_FROM_LENDER),
    ),
    Rule.LENDER_PAYS: (
        Leg(Account.LENDER_DUE_TO_PAYMENTS, Account.LENDER_BANK),
        Leg(Account.SAFEGUARDED_CASH, Account.PAYMENTS_DUE_FROM_LENDER),
    ),
    Rule.PAYMENTS_PAYS: (
        Leg(Account.LENDER_BANK, Account.LENDER_DUE_FROM_PAYMENTS),
        Leg(Account.PAYMENTS_DUE_TO_LENDER, Account.SAFEGUARDED_CASH),
    ),
    # a coupon is funded at once: the mall owes the institution, and it waits in escrow like wallet money; after receipt it goes
    # back from the merchant as it came. What the state's own campaign costs, the mall lays out and claims. A merchant's own
    # coupon is a discount: he receives less, and the mall only counts it
    Rule.ESCROW_COUPON: (
        Leg(Account.CAMPAIGN_COST, Account.MALL_DUE_TO_PAYMENTS),
        Leg(Account.PAYMENTS_DUE_FROM_MALL, Account.FUNDED_ESCROW),
    ),
    Rule.RELEASE_COUPON: (Leg(Account.FUNDED_ESCROW, Account.MERCHANT_PAYABLE),),
    Rule.REFUND_COUPON: (
        Leg(Account.MERCHANT_PAYABLE, Account.PAYMENTS_DUE_FROM_MALL),
        Leg(Account.MALL_DUE_TO_PAYMENTS, Account.CAMPAIGN_COST),
    ),
    Rule.CLAIM_ON_STATE: (Leg(Account.DUE_FROM_STATE, Account.STATE_GRANTS),),
    Rule.STATE_PAYS: (Leg(Account.MALL_BANK, Account.DUE_FROM_STATE),),
    # a fee's subsidy is promised with the payment, and owed to the lender with the loan: income as the whole fee is
    Rule.PROMISE_SUBSIDY: (Leg(Account.MEMO_SUBSIDY, Account.MEMO_CAMPAIGN_CONTRA),),
    Rule.SUBSIDIZE_FEE: (
        Leg(Account.CAMPAIGN_COST, Account.MALL_DUE_TO_LENDER),
        Leg(Account.LENDER_DUE_FROM_MALL, Account.DEFERRED_FEE_INCOME),
    ),
    Rule.MALL_PAYS_LENDER: (
        Leg(Account.MALL_DUE_TO_LENDER, Account.MALL_BANK),
        Leg(Account.LENDER_BANK, Account.LENDER_DUE_FROM_MALL),
    ),
    Rule.ALLOT_BUDGET: (Leg(Account.MEMO_BUDGET, Account.MEMO_CAMPAIGN_CONTRA),),
    Rule.GIVE_DISCOUNT: (Leg(Account.MEMO_DISCOUNT, Account.MEMO_CAMPAIGN_CONTRA),),
    Rule.MALL_PAYS_PAYMENTS: (
        Leg(Account.MALL_DUE_TO_PAYMENTS, Account.MALL_BANK),
        Leg(Account.SAFEGUARDED_CASH, Account.PAYMENTS_DUE_FROM_MALL),
    ),
    # fees of the merchant's plan, beside the institution's own: the credit fee is the lender's, the others the mall's
    Rule.CHARGE_CREDIT_FEE: (
        Leg(Account.MERCHANT_PAYABLE, Account.PAYMENTS_DUE_TO_LENDER),
        Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.CREDIT_FEE_INCOME),
    ),
    Rule.CHARGE_COMMISSION: (
        Leg(Account.MERCHANT_PAYABLE, Account.PAYMENTS_DUE_TO_MALL),
        Leg(Account.MALL_DUE_FROM_PAYMENTS, Account.COMMISSION_INCOME),
    ),
    Rule.CHARGE_SOFTWARE_FEE: (
        Leg(Account.MERCHANT_PAYABLE, Account.PAYMENTS_DUE_TO_MALL),
        Leg(Account.MALL_DUE_FROM_PAYMENTS, Account.SOFTWARE_FEE_INCOME),
    ),
    Rule.PAYMENTS_PAY_MALL: (
        Leg(Account.PAYMENTS_DUE_TO_MALL, Account.SAFEGUARDED_CASH),
        Leg(Account.MALL_BANK, Account.MALL_DUE_FROM_PAYMENTS),
    ),
    # a card: out of its own fee the acquirer pays interchange to the issuer, and each of them its half to the network
    Rule.PAY_INTERCHANGE: (
        Leg(Account.INTERCHANGE_COST, Account.PAYMENTS_DUE_TO_LENDER),
        Leg(Account.LENDER_DUE_FROM_PAYMENTS, Account.INTERCHANGE_INCOME),
    ),
    Rule.OWE_NETWORK_ACQUIRER: (Leg(Account.PAYMENTS_NETWORK_COST, Account.PAYMENTS_DUE_TO_NETWORK),),
    Rule.OWE_NETWORK_ISSUER: (Leg(Account.LENDER_NETWORK_COST, Account.LENDER_DUE_TO_NETWORK),),
    Rule.PAYMENTS_PAY_NETWORK: (Leg(Account.PAYMENTS_DUE_TO_NETWORK, Account.SAFEGUARDED_CASH),),
    Rule.LENDER_PAYS_NETWORK: (Leg(Account.LENDER_DUE_TO_NETWORK, Account.LENDER_BANK),),
    Rule.CHARGE_WITHDRAWAL: (Leg(Account.WALLET, Account.WITHDRAWAL_INCOME),),
    # the daily bank line between the lender and a partner bank, as above
    Rule.NET_PARTNER: (
        Leg(Account.LENDER_DUE_TO_PARTNER, Account.LENDER_DUE_FROM_PARTNER),
        Leg(Account.PARTNER_DUE_TO_LENDER, Account.PARTNER_DUE_FROM_LENDER),
    ),
    Rule.LENDER_PAYS_PARTNER: (
        Leg(Account.LENDER_DUE_TO_PARTNER, Account.LENDER_BANK),
        Leg(Account.PARTNER_BANK, Account.PARTNER_DUE_FROM_LENDER),
    ),
    Rule.PARTNER_PAYS: (
        Leg(Account.LENDER_BANK, Account.LENDER_DUE_FROM_PARTNER),
        Leg(Account.PARTNER_DUE_TO_LENDER, Account.PARTNER_BANK),
    ),
    Rule.SWEEP_FEES: (Leg(Account.OWN_CASH, Account.SAFEGUARDED_CASH),),
    # money that fits nothing waits in unallocated receipts, and goes back from there; a charge that the bank takes from the
    # safeguarded account is the institution's own cost, made good from its own account at once
    Rule.RECEIVE_UNALLOCATED: (Leg(Account.SAFEGUARDED_CASH, Account.UNALLOCATED_RECEIPTS),),
    Rule.SEND_BACK_RECEIPT: (Leg(Account.UNALLOCATED_RECEIPTS, Account.PAYOUT_IN_TRANSIT),),
    Rule.BANK_CHARGE: (Leg(Account.BANK_CHARGES, Account.SAFEGUARDED_CASH),),
    Rule.MAKE_GOOD: (Leg(Account.SAFEGUARDED_CASH, Account.OWN_CASH),),
}


def _assert_each_leg_stays_in_one_book() -> None:
    for rule, legs in POSTINGS.items():
        for leg in legs:
            assert ACCOUNTS[leg.debit].book is ACCOUNTS[leg.credit].book, f"{rule.name} crosses books"
            assert ACCOUNTS[leg.debit].memo == ACCOUNTS[leg.credit].memo, f"{rule.name} mixes memo and money"


_assert_each_leg_stays_in_one_book()
assert POSTINGS.keys() == set(Rule), "every rule has its posting"


def transfers_of(entries: Iterable[Entry]) -> Iterator[Transfer]:
    """The transfers that entries move, in order. Every amount is above zero."""
    for entry in entries:
        assert entry.amount_minor > 0, f"{entry.rule.name} moves {entry.amount_minor}"
        for leg in POSTINGS[entry.rule]:
            debit, credit = (leg.credit, leg.debit) if entry.reversed else leg
            yield Transfer(debit, credit, entry.amount_minor)

"""The one table of postings: what each cause moves, and that nothing it moves can unbalance a book."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.ledger import ACCOUNTS, POSTINGS, Account, Book, Entry, Leg, Owner, Rule, transfers_of

ENTRIES = st.lists(
    st.builds(
        Entry,
        rule=st.sampled_from(Rule),
        amount_minor=st.integers(1, 10**15),
        subject_id=st.sampled_from((0, 7, 2**46)),
        reversed=st.booleans(),
    ),
    max_size=12,
)


@pytest.mark.parametrize("rule", Rule)
def test_every_leg_of_a_rule_stays_in_one_book_and_on_one_side_of_the_balance_sheet(rule):
    for leg in POSTINGS[rule]:
        debit, credit = ACCOUNTS[leg.debit], ACCOUNTS[leg.credit]

        assert debit.book is credit.book
        assert debit.memo == credit.memo
        assert leg.debit is not leg.credit


@pytest.mark.parametrize("rule", Rule)
def test_a_rule_that_moves_money_in_two_books_moves_what_one_owes_the_other_in_both(rule):
    """Money between books is a pair over `due to` and `due from`: what the lender owes more, the institution is owed more."""
    moved: Counter[Account] = Counter()
    for debit, credit, amount in transfers_of([Entry(rule, 1)]):
        moved[debit] += amount
        moved[credit] -= amount

    lender_owes = -moved[Account.LENDER_DUE_TO_PAYMENTS]
    institution_is_owed = moved[Account.PAYMENTS_DUE_FROM_LENDER]
    lender_is_owed = moved[Account.LENDER_DUE_FROM_PAYMENTS]
    institution_owes = -moved[Account.PAYMENTS_DUE_TO_LENDER]
    if rule.name.startswith(("CLEAR_", "KEEP_", "PASS_")) or rule is Rule.CHARGE_PLAN_PAYOFF:
        # What a repayment clears is one book's half; the other half is REPAY_... or REFUND_CREDIT of the same event.
        assert (lender_is_owed, institution_owes, lender_owes, institution_is_owed) == (1, 0, 0, 0)
    elif rule is Rule.GIVE_BACK_FEE:
        # A fee that a refund gives back clears debts of the same event, or is kept for the customer.
        assert (lender_is_owed, institution_owes, lender_owes, institution_is_owed) == (-1, 0, 0, 0)
    elif rule in (Rule.REPAY_FROM_WALLET, Rule.REPAY_FROM_BANK, Rule.REFUND_CREDIT):
        assert (lender_is_owed, institution_owes, lender_owes, institution_is_owed) == (0, 1, 0, 0)
    else:
        assert -moved[Account.MALL_DUE_TO_PAYMENTS] == moved[Account.PAYMENTS_DUE_FROM_MALL]
        assert -moved[Account.MALL_DUE_TO_LENDER] == moved[Account.LENDER_DUE_FROM_MALL]
        assert lender_owes == institution_is_owed
        assert lender_is_owed == institution_owes


@pytest.mark.parametrize("rule", Rule)
def test_what_the_lender_owes_a_partner_bank_more_the_partner_is_owed_more(rule):
    moved: Counter[Account] = Counter()
    for debit, credit, amount in transfers_of([Entry(rule, 1)]):
        moved[debit] += amount
        moved[credit] -= amount

    assert -moved[Account.LENDER_DUE_TO_PARTNER] == moved[Account.PARTNER_DUE_FROM_LENDER]
    assert moved[Account.LENDER_DUE_FROM_PARTNER] == -moved[Account.PARTNER_DUE_TO_LENDER]


def test_every_account_is_used_by_some_rule_and_every_rule_moves_something():
    used = {account for legs in POSTINGS.values() for leg in legs for account in leg}

    assert used == set(Account) == set(ACCOUNTS)
    assert all(POSTINGS[rule] for rule in Rule)


def test_every_memo_account_has_a_contra_account_in_its_own_book():
    memo = {frozenset(leg) for legs in POSTINGS.values() for leg in legs if ACCOUNTS[leg.debit].memo}

    assert memo == {
        frozenset({Account[f"MEMO_{name}"], Account[f"MEMO_{contra}_CONTRA"]})
        for contra, names in {
            "COMMITMENT": ("HELD", "COMMITTED"),
            "OFF_BOOKS": ("INTEREST", "PENALTY"),
            "CLAIM": (
                *("CLAIM_PRINCIPAL", "CLAIM_FEE", "CLAIM_INTEREST", "CLAIM_PENALTY", "CLAIM_COST"),
                "PARTNER_CLAIM",
            ),
            "PARTNER": ("PARTNER_LOANS",),
            "GUARANTEE": ("GUARANTEED_ESCROW",),
            "CAMPAIGN": ("DISCOUNT", "BUDGET", "SUBSIDY"),
        }.items()
        for name in names
    }


def test_what_a_shopper_keeps_with_us_is_owed_to_that_person_and_what_she_owes_is_owed_by_her_line():
    assert ACCOUNTS[Account.WALLET][:3] == (Book.PAYMENTS, Owner.PERSON, -1)
    assert ACCOUNTS[Account.PRINCIPAL_UNBILLED][:3] == (Book.LENDER, Owner.LINE, +1)
    assert ACCOUNTS[Account.MERCHANT_PAYABLE][:3] == (Book.PAYMENTS, Owner.MERCHANT, -1)


@given(entries=ENTRIES)
def test_whatever_is_posted_each_book_balances(entries):
    books: Counter[tuple[Book, bool]] = Counter()
    for debit, credit, amount in transfers_of(entries):
        books[ACCOUNTS[debit].book, ACCOUNTS[debit].memo] += amount
        books[ACCOUNTS[credit].book, ACCOUNTS[credit].memo] -= amount

    assert set(books.values()) <= {0}


@given(entries=ENTRIES)
def test_what_is_posted_and_posted_the_other_way_round_leaves_nothing(entries):
    balances: Counter[Account] = Counter()
    for entry in (*entries, *(entry._replace(reversed=not entry.reversed) for entry in entries)):
        for debit, credit, amount in transfers_of([entry]):
            assert amount == entry.amount_minor > 0
            balances[debit] += amount
            balances[credit] -= amount

    assert set(balances.values()) <= {0}


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_an_entry_of_nothing_or_less_is_a_bug(amount_minor):
    with pytest.raises(AssertionError, match="TOP_UP moves"):
        list(transfers_of([Entry(Rule.TOP_UP, amount_minor)]))


def test_a_reversed_entry_changes_places_and_keeps_its_amount():
    leg = Leg(Account.MERCHANT_PAYABLE, Account.MDR_INCOME)

    assert list(transfers_of([Entry(Rule.CHARGE_MDR, 60)])) == [(leg.debit, leg.credit, 60)]
    assert list(transfers_of([Entry(Rule.CHARGE_MDR, 60, reversed=True)])) == [(leg.credit, leg.debit, 60)]

"""The ten questions that shoppers ask are answered, and the page shows these very answers."""

from __future__ import annotations

import pytest

from credit.explain.stories import NAMES, PAGE, STORIES, Story, blocks, page
from credit.explain.test_sums import adds_up
from florin.credit.explain import items_of

SAYS = {
    "refund_done_but_bill_unchanged": "That number never changes. ¥199.00 of it is left",
    "billed_before_receipt": "receipt was confirmed for you",
    "minimum_paid_but_past_due": "counted toward it, but after 10 April 2026, the last day that is in time",
    "paid_early_yet_debited_again": "On 20 March 2026, before this bill was made, you repaid ¥199.00.",
    "refund_after_repayment_disappeared": "Above all that you owed, so it went to your wallet: ¥181.00",
    "fee_after_early_settlement": "¥18.40 of it is the fee of installments that you paid before their time.",
    "negative_available": "¥500.00 more is in use than your limit",
    "limit_lower_again": "¥3,000.00 less, because what was added until 9 April 2026 has ended",
    "closing_with_plans_running": "Installments to come: ¥818.40",
    "refund_over_what_was_paid_with": "Paid from the wallet, so it went back there: ¥80.00",
    "refund_of_what_a_coupon_had_paid": "that went back to whoever gave the coupon: ¥10.00",
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.answer.__name__)
def test_a_question_that_shoppers_ask_is_answered(story: Story):
    answer = story.answer()
    block = next(block for one, block in blocks() if one is story)

    adds_up(answer)
    assert items_of(answer) <= NAMES.keys()
    assert SAYS[story.answer.__name__] in block


def test_the_page_shows_these_answers():
    current = PAGE.read_text(encoding="utf-8")

    assert page(current) == current, "write them anew: python -m credit.explain.stories, in tests/"

"""Ten questions that shoppers really ask, each played out, with the question that answers it.

`python -m credit.explain.stories` (from `tests/`) writes the answers into `docs/how-to/explain.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from credit.play import Play, day
from florin.credit.close import CloseLine
from florin.credit.close import decide as decide_close
from florin.credit.explain import (
    CampaignName,
    Item,
    Part,
    Record,
    Told,
    Trace,
    explain,
    lines_of,
    question_of,
    tell,
    trace,
)
from florin.credit.limit import SetLimit
from florin.credit.limit import decide as decide_limit
from florin.events import CampaignPart, Refunded, Refused, UpliftGiven
from florin.money import At

PAGE = Path(__file__).parents[3] / "docs/how-to/explain.md"
TEA, COAT, PHONE, LAMP = 11, 12, 13, 14
NAMES = {
    TEA: Item(subject="Tea set", merchant_en="Longjing Tea House", merchant_zh="龙井茶馆"),
    COAT: Item(subject="Coat", merchant_en="Lotus Mall", merchant_zh="莲花商城"),
    PHONE: Item(subject="Phone", merchant_en="Lotus Mall", merchant_zh="莲花商城"),
    LAMP: Item(subject="Lamp", merchant_en="Lotus Mall", merchant_zh="莲花商城"),
}
CAMPAIGNS = {9: CampaignName(en="Spring", zh="春天")}


class Story(NamedTuple):
    """asked: as shoppers ask it. what: the question to `florin explain`, `{event}` being the number of an event."""

    asked: str
    what: str
    answer: Callable[[], Part]


def traced(play: Play, on: str) -> Trace:
    records = [Record(number, event, tuple(entries)) for number, (event, entries) in enumerate(play.log, start=1)]
    return trace(records, play.program, day(on))


def answer(play: Play, on: str, what: str) -> Part:
    return explain(traced(play, on), question_of(what))


def last_of(play: Play, kind: type) -> int:
    return max(number for number, (event, _) in enumerate(play.log, start=1) if isinstance(event, kind))


def refund_done_but_bill_unchanged() -> Part:
    alice = Play()
    alice.buy("03-05", "199.00", TEA)
    alice.buy("03-06", "380.00", COAT)
    alice.until("04-01")
    alice.refund("04-03", "380.00", COAT)
    return answer(alice, "04-05", "statement=2026-04")


def billed_before_receipt() -> Part:
    alice = Play()
    alice.escrow("03-05", "199.00", TEA)
    alice._hot(_received_by_the_clock(alice, "03-15", "199.00", TEA))
    alice.until("04-01")
    return answer(alice, "04-02", "line=2026-04/1")


def _received_by_the_clock(play: Play, on: str, yuan: str, item: int):
    from florin.events import Received

    return Received(**play._paid(on, yuan, item), mdr_minor=0, by="clock")


def minimum_paid_but_past_due() -> Part:
    alice = Play()
    alice.buy("03-05", "5000.00", TEA)
    alice.until("04-10")
    alice.repay("04-10", "300.00")
    alice.repay("04-11", "200.00")
    alice.until("04-12")
    return answer(alice, "04-12", "minimum=2026-04")


def paid_early_yet_debited_again() -> Part:
    alice = Play()
    alice.buy("03-05", "199.00", TEA)
    alice.repay("03-20", "199.00")
    alice.buy("03-25", "380.00", COAT)
    alice.until("04-10")
    alice.repay("04-10", "380.00")
    return answer(alice, "04-11", "statement=2026-04")


def refund_after_repayment_disappeared() -> Part:
    alice = Play()
    alice.buy("03-05", "380.00", COAT)
    alice.until("04-10")
    alice.repay("04-10", "380.00")
    alice.buy("04-15", "199.00", TEA)
    alice.refund("04-20", "380.00", COAT)
    return answer(alice, "04-21", f"event={last_of(alice, Refunded)}")


def fee_after_early_settlement() -> Part:
    alice = Play()
    alice.buy("03-05", "1200.00", PHONE, installments=3)
    alice.until("04-05")
    alice.repay("04-05", "1227.60")
    return answer(alice, "04-06", f"event={len(alice.log)}")


def negative_available() -> Part:
    alice = Play(limit="2000.00")
    alice.buy("03-05", "1500.00", TEA)
    alice.until("03-10")
    at = At(on=day("03-10"), instant=None)  # type: ignore[arg-type]
    (cut,) = decide_limit(
        alice.line, SetLimit(line_id=1, limit_minor=100_000, reason="income not confirmed"), at, program=alice.program
    )
    alice._hot(cut)
    return answer(alice, "03-11", "available")


def limit_lower_again() -> Part:
    alice = Play(limit="5000.00")
    alice._hot(
        UpliftGiven(
            value_on=day("03-10"),
            line_id=1,
            person_id=7,
            amount_minor=300_000,
            until_on=day("04-09"),
            reason="spring sale",
        )
    )
    alice.until("04-11")
    return answer(alice, "04-11", "available")


def closing_with_plans_running() -> Part:
    alice = Play()
    alice.buy("03-05", "1200.00", PHONE, installments=3)
    alice.until("04-05")
    at = At(on=day("04-05"), instant=None)  # type: ignore[arg-type]
    said = decide_close(alice.line, alice.account, CloseLine(line_id=1, reason="asked"), at, program=alice.program)
    refused = Refused(value_on=at.on, person_id=7, command="CloseLine", refusal=said.name, numbers=said.numbers())
    return explain(traced(alice, "04-05"), question_of("refusal=99"), refused=refused)


def refund_over_what_was_paid_with() -> Part:
    alice = Play()
    alice.buy("03-05", "300.00", COAT)
    alice.until("03-09")
    alice._load(
        Refunded(**{**alice._paid("03-09", "300.00", COAT), "wallet_minor": 8000}, before_receipt=False, request_no="r")
    )
    return answer(alice, "03-10", f"event={len(alice.log)}")


def refund_of_what_a_coupon_had_paid() -> Part:
    alice = Play()
    alice.buy("03-05", "280.00", COAT)
    alice.until("03-09")
    coupon = CampaignPart(campaign_id=9, amount_minor=1000)
    alice._load(Refunded(**alice._paid("03-09", "140.00", COAT), before_receipt=False, request_no="r", coupon=coupon))
    return answer(alice, "03-10", f"event={len(alice.log)}")


STORIES = (
    Story("The refund is done, but my bill has not changed.", "statement=2026-04", refund_done_but_bill_unchanged),
    Story("It was billed before I had received it.", "line=2026-04/1", billed_before_receipt),
    Story("I paid the minimum, and it says past due.", "minimum=2026-04", minimum_paid_but_past_due),
    Story("I paid early, and was debited again.", "statement=2026-04", paid_early_yet_debited_again),
    Story(
        "I had repaid it; then it was refunded, and the money is gone.", "event=ID", refund_after_repayment_disappeared
    ),
    Story("I settled early and still paid the installment fee.", "event=ID", fee_after_early_settlement),
    Story("My available limit is negative.", "available", negative_available),
    Story("My limit is lower than last month.", "available", limit_lower_again),
    Story("I cannot close my account, though nothing is due.", "refusal=ID", closing_with_plans_running),
    Story("I paid with more than one thing. What comes back?", "event=ID", refund_over_what_was_paid_with),
    Story("Half was refunded. Where is my coupon?", "event=ID", refund_of_what_a_coupon_had_paid),
)


def told(story: Story, language) -> Told:
    return tell(story.answer(), language, NAMES, campaigns=CAMPAIGNS)


def text(one: Told) -> str:
    """As `florin explain` prints it."""
    return "\n".join(
        ("" if depth == 0 else "  " * (depth - 1) + ("- " if amount else "· ")) + said
        for depth, said, amount in lines_of(one)
    )


def blocks() -> Iterator[tuple[Story, str]]:
    for number, story in enumerate(STORIES, start=1):
        command = f"$ florin explain alice --what {story.what}"
        english = f"```\n{command}\n{text(told(story, 'en'))}\n```\n"
        chinese = f"```\n{command} --lang zh\n{text(told(story, 'zh'))}\n```\n"
        yield story, f"### {number}. “{story.asked}”\n\n{english}\n{chinese}"


def page(current: str) -> str:
    """The page with today's answers."""
    answers = "\n".join(block for _, block in blocks())
    return re.sub(
        r"(<!-- answers -->\n).*(<!-- end of answers -->)", lambda m: m[1] + answers + m[2], current, flags=re.S
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

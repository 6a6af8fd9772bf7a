"""The story at account level, to the cent."""

from __future__ import annotations

from datetime import date, datetime, timezone

from florin.credit.account import advance, catch_up, evolve, open_account, summary
from florin.credit.authorize import CreditLimitExceeded, refuse_credit
from florin.credit.line import evolve as evolve_line
from florin.credit.line import open_line
from florin.credit.program import load_program
from florin.events import Captured, Escrowed, InstallmentChoice, LineOpened, Received, Refunded, Repaid
from florin.money import At


def test_smoke():
    huabei = load_program("huabei")
    opened = LineOpened(value_on=date(2026, 3, 2), line_id=1, person_id=7, program="huabei", limit_minor=10_000_00)
    line = open_line(opened, lane=0)
    account = open_account(opened)
    D = lambda m, d: date(2026, m, d)
    plan = InstallmentChoice(count=12, fee_minor=450_00, fee_payer="merchant")
    hot = [
        Escrowed(value_on=D(3, 5), line_id=1, payment_id=11, credit_minor=199_00, wallet_minor=0),
        Captured(
            value_on=D(3, 6), line_id=1, payment_id=12, credit_minor=6000_00, wallet_minor=0, mdr_minor=3600, plan=plan
        ),
        Escrowed(value_on=D(3, 7), line_id=1, payment_id=13, credit_minor=380_00, wallet_minor=0),
        Refunded(
            value_on=D(3, 7),
            line_id=1,
            payment_id=13,
            credit_minor=380_00,
            wallet_minor=0,
            before_receipt=True,
            request_no="r",
        ),
        Received(value_on=D(3, 8), line_id=1, payment_id=11, credit_minor=199_00, wallet_minor=0, mdr_minor=119),
    ]
    for e in hot:
        line = evolve_line(line, e, next_close_on=huabei.next_close_on(e.value_on))
    at = At(on=D(3, 9), instant=datetime(2026, 3, 9, tzinfo=timezone.utc))
    r = refuse_credit(line, 5000_00, 0, at, huabei.terms_on(at.on))
    assert isinstance(r, CreditLimitExceeded) and r.over_minor == 1199_00
    print(r.sentence(), r.sentence("zh"))
    account, steps = catch_up(account, hot, D(4, 1), huabei)
    for s in steps:
        print(s)
    line = summary(account, line, huabei)
    print(line)
    account, e = evolve(account, Repaid(value_on=D(4, 10), line_id=1, amount_minor=300_00, source="wallet"), huabei)
    print(e)
    account, steps = advance(account, D(4, 20), huabei)
    for s in steps:
        print(s)
    line = summary(account, line, huabei)
    print(line)
    account, e = evolve(account, Repaid(value_on=D(4, 20), line_id=1, amount_minor=399_00, source="bank"), huabei)
    print(e)
    line = summary(account, line, huabei)
    print(line)
    account, steps = advance(account, D(5, 1), huabei)
    for s in steps:
        print(s)
    print(account)
    assert steps[0].event.image_minor == 502_00

"""Refund requests as pure rules: items are given back once, the clock stands still for as long as it is asked to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from florin.events import ItemCount
from florin.money.at import At
from florin.payments.items import OrderLine, added, items_minor, refuse_items, refuse_lines, still_left
from florin.payments.payment import Payment, PaymentState, evolve
from florin.payments.requests import ask, request, withdraw
from florin.payments.requests.terms import escrow_terms
from florin.payments.trade import Flow

ALICE, SHOP, PAYMENT, REQUEST = 4, 5, 2, 10


@st.composite
def order_lines(draw):
    lines = []
    for number in range(draw(st.integers(1, 4))):
        quantity, unit = draw(st.integers(1, 7)), draw(st.integers(0, 10_000))
        amount = draw(st.integers(0, quantity * unit))
        lines.append(OrderLine(sku=str(number), title="thing", quantity=quantity, unit_minor=unit, amount_minor=amount))
    return lines


@given(lines=order_lines(), data=st.data())
def test_items_given_back_in_any_parts_come_to_their_lines_and_never_twice(lines, data):
    back: tuple[ItemCount, ...] = ()
    total = 0
    for _ in range(60):
        line, quantity = data.draw(st.integers(1, len(lines))), data.draw(st.integers(1, 7))
        items = (ItemCount(line=line, quantity=quantity),)
        left = sum(i.quantity for i in still_left(lines, back, (ItemCount(line=line, quantity=99),)))
        assert (refuse_items(lines, back, items) is None) == (quantity <= left)
        if quantity <= left:
            total += items_minor(lines, back, items)
            back = added(back, items)
        if sum(i.quantity for i in back) == sum(each.quantity for each in lines):
            break
    rest = still_left(lines, back, [ItemCount(line=n, quantity=each.quantity) for n, each in enumerate(lines, start=1)])
    total += items_minor(lines, back, rest)

    assert total == sum(each.amount_minor for each in lines)
    assert still_left(lines, added(back, rest), rest) == ()


def test_a_line_is_shared_out_by_number_and_rounded_so_that_all_of_it_is_the_line():
    lines = [OrderLine(sku="cup", title="cup", quantity=3, unit_minor=34, amount_minor=100)]
    one = (ItemCount(line=1, quantity=1),)

    parts = [items_minor(lines, one * before, one) for before in range(3)]

    assert parts == [33, 34, 33]
    assert refuse_lines(lines, 101).name == "LinesDoNotAddUp"
    assert (
        refuse_lines([lines[0], OrderLine(sku="b", title="b", quantity=1, unit_minor=5, amount_minor=6)], 106).line == 2
    )
    assert refuse_items(lines, (), (ItemCount(line=2, quantity=1),)).left == 0


def at(on: date) -> At:
    return At(on=on, instant=datetime(on.year, on.month, on.day, 4, tzinfo=UTC))


def escrowed(paid_on: date, confirm_on: date) -> Payment:
    return Payment(
        id=PAYMENT, lane=1, trade_id=1, app_id=1, merchant_id=SHOP, person_id=ALICE, line_id=3, flow=Flow.ESCROW,
        state=PaymentState.ESCROWED, mdr_ppm=0, authorized_on=paid_on, credit_authorized_minor=100_00,
        wallet_authorized_minor=0, credit_paid_minor=100_00, confirm_on=confirm_on,
    )  # fmt: skip


DAYS = st.integers(0, 9)


@given(
    paid_on=st.dates(date(2026, 1, 20), date(2028, 3, 3)),
    waits=st.lists(st.tuples(DAYS, st.integers(0, 40)), min_size=1, max_size=3),
)
def test_the_clock_stands_still_for_the_days_of_a_request_over_any_month_end(paid_on, waits):
    payment, today = escrowed(paid_on, paid_on + timedelta(days=10)), paid_on
    running = paused = 0
    for before, open_for in waits:
        today += timedelta(days=min(before, 10 - running))
        running += min(before, 10 - running)
        command = ask.RequestRefund(
            request_id=REQUEST, payment_id=PAYMENT, person_id=ALICE, amount_minor=1, reason="defective"
        )
        [asked] = ask.decide(payment, (), command, at(today), terms=escrow_terms(today))
        payment, opened = evolve(payment, asked), request.new_request(asked, lane=1)
        assert payment.confirm_on is None
        today += timedelta(days=open_for)
        paused += open_for
        back = withdraw.WithdrawRequest(request_id=REQUEST, payment_id=PAYMENT, person_id=ALICE)
        [closed] = withdraw.decide(opened, payment, back, at(today))
        payment = evolve(payment, closed)

    assert payment.confirm_on == paid_on + timedelta(days=10 + paused)

"""Refund requests and disputes in the house: the clock stands still, deadlines act by themselves, and every cent is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from florin.engine import Engine, Outcome, Submission, lane_of
from florin.engine.proof import prove
from florin.engine.tables.event import load_events
from florin.engine.tables.request import REFUND_REQUEST, request_of
from florin.engine.tables.table import READ
from florin.events import EvidenceFile, ItemCount, RefundRequested
from florin.payments.extend import ExtendAuthorization, ExtendReceipt
from florin.payments.items import OrderLine
from florin.payments.payment import PaymentState
from florin.payments.receive import Receive
from florin.payments.refund import Refund
from florin.payments.requests.answer import AnswerRequest
from florin.payments.requests.ask import RequestRefund
from florin.payments.requests.dispute import DecideDispute, GiveEvidence, OpenDispute
from florin.payments.requests.request import OF_REQUEST, RefundRequest, RequestState, evolve, new_request
from florin.payments.requests.send_back import SendBack
from florin.payments.settle import PayOut, SettlePayout
from florin.payments.ship import Ship
from florin.queries.explain import explain_payout
from world import DIRECT_APP, ESCROW_APP, SHOP, World

DAY = timedelta(days=1)
PHOTO = EvidenceFile(digest="0" * 64, name="cup.jpg", type="image/jpeg", size=2_000)


@pytest.fixture
def world(fresh_database) -> Iterator[World]:
    with World(fresh_database.engine, mdr_refunded=True) as world:
        world.person("alice", wallet_minor=500_00, limit_minor=1_000_00)
        yield world


class Case:
    """One request, and what each party does with it."""

    def __init__(self, world: World, payment_id: int, amount_minor: int, **more: Any) -> None:
        self.world, self.payment_id = world, payment_id
        self.id = world.engine.new_id(lane_of(payment_id))
        self.alice = world.people["alice"]
        asked = {"reason": "defective"} | more
        self.asked = world.do(
            RequestRefund(
                request_id=self.id, payment_id=payment_id, person_id=self.alice, amount_minor=amount_minor, **asked
            )
        )

    @property
    def names(self) -> dict[str, int]:
        return {"request_id": self.id, "payment_id": self.payment_id}

    def answer(self, *, agree: bool, **more: Any) -> Outcome:
        return self.world.do(AnswerRequest(**self.names, merchant_id=SHOP, agree=agree, **more))

    def dispute(self) -> Outcome:
        self.answer(agree=False, note="it was whole when it left")
        return self.world.do(OpenDispute(**self.names, person_id=self.alice, note="it was not"))

    def decide(self, refund_minor: int) -> Outcome:
        return self.world.do(DecideDispute(**self.names, refund_minor=refund_minor))

    @property
    def now(self) -> RefundRequest:
        rows = REFUND_REQUEST.load(self.world.connection, [(lane_of(self.id), self.id)], READ)
        self.world.connection.commit()
        return request_of(rows[0])

    def assert_folds_to_what_it_is(self) -> None:
        ids = self.world.connection.execute(
            "SELECT id FROM event WHERE payment_id = %s AND kind BETWEEN 232 AND 244 ORDER BY recorded_at, batch, id",
            (self.payment_id,),
        ).fetchall()
        events = load_events(self.world.connection, [identifier for (identifier,) in ids])
        self.world.connection.commit()
        of_this = [e for (i,) in ids if getattr(e := events[i], "request_id", 0) == self.id]
        [first, *rest] = sorted(of_this, key=lambda e: (not isinstance(e, RefundRequested), e.value_on, e.kind == 236))
        request = new_request(first, lane=lane_of(self.id))
        for event in rest:
            assert isinstance(event, OF_REQUEST)
            request = evolve(request, event)
        assert request == self.now


def escrowed(world: World, credit_minor: int = 100_00, wallet_minor: int = 0, **detail: Any) -> int:
    outcome = world.buy("alice", credit_minor, wallet_minor, app=ESCROW_APP, **detail)
    assert outcome.event, outcome.refusal
    return int(outcome.event.payment_id)


def test_a_request_stops_the_clock_and_a_refusal_that_nobody_disputes_lets_it_go_on(world):
    payment_id, paid_on = escrowed(world), world.today
    world.until(paid_on + 4 * DAY)
    case = Case(world, payment_id, 40_00)
    again = Case(world, payment_id, 1_00)
    confirmed = world.receive(payment_id)
    assert case.answer(agree=False).event
    world.until(paid_on + 11 * DAY)

    assert (again.asked.refusal.name, confirmed.refusal.name) == ("RequestOpen", "RequestOpen")
    assert world.payment(payment_id).state is PaymentState.ESCROWED

    world.until(paid_on + 12 * DAY)
    assert case.now.state is RequestState.LAPSED
    assert world.payment(payment_id).confirm_on == paid_on + 18 * DAY
    world.until(paid_on + 18 * DAY)

    assert world.payment(payment_id).state is PaymentState.CAPTURED
    case.assert_folds_to_what_it_is()


def test_a_seller_who_is_silent_has_agreed(world):
    payment_id, asked_on = escrowed(world, 60_00, 40_00), world.today
    case = Case(world, payment_id, 100_00)
    world.until(asked_on + 2 * DAY)
    assert case.now.state is RequestState.ASKED

    world.until(asked_on + 3 * DAY)

    assert (case.now.state, case.now.refunded_minor) == (RequestState.REFUNDED, 100_00)
    assert world.payment(payment_id).state is PaymentState.REFUNDED
    assert (world.line("alice").committed_minor, world.wallet_minor("alice")) == (0, 500_00)
    case.assert_folds_to_what_it_is()


def test_goods_go_back_first_and_the_platform_keeps_the_return_fee(world):
    payment_id, asked_on = escrowed(world), world.today
    case = Case(world, payment_id, 100_00, sort="return", reason="changed_mind")
    assert case.answer(agree=True, fee_minor=40_00).refusal.name == "ReturnFeeTooHigh"
    assert case.answer(agree=True, fee_minor=5_00, fee_to="platform").event
    assert case.now.state is RequestState.RETURNING
    sent = SendBack(**case.names, person_id=case.alice, carrier="SF", tracking_no="SF1234")
    assert world.do(sent).event
    assert case.answer(agree=True, fee_minor=1).refusal.name == "NoReturnFee"

    world.until(asked_on + 11 * DAY)

    payment = world.payment(payment_id)
    assert (case.now.state, case.now.refunded_minor, payment.refundable_minor) == (RequestState.REFUNDED, 95_00, 5_00)
    assert world.balance("MDR_INCOME") == 5_00
    # The clock had ten days left when it was asked; the fee is then the seller's, and he has paid it on.
    world.until(asked_on + 21 * DAY)
    assert world.payment(payment_id).state is PaymentState.CAPTURED
    assert world.balance("MERCHANT_PAYABLE") + world.balance("MERCHANT_AVAILABLE") == -3
    case.assert_folds_to_what_it_is()


def test_what_is_disputed_after_receipt_is_held_from_the_payout_and_goes_where_it_is_decided(world):
    payment_id = escrowed(world)
    world.buy("alice", 50_00)
    world.receive(payment_id)
    received_on = world.today
    case = Case(world, payment_id, 80_00)
    assert case.dispute().event.held_minor == 80_00
    world.until(received_on + DAY)

    proof = prove(world.connection)
    safeguarding = next(check for check in proof.checks if check.name == "safeguarding")
    assert proof.holds
    assert safeguarding.figures["DISPUTE_HELD"] == 80_00
    # 150.00 less the fees of 0.60 and 0.30, less what is held.
    payout_id, paid_out = world.connection.execute("SELECT id, amount_minor FROM payout").fetchone()
    world.connection.commit()
    told = explain_payout(world.connection, payout_id=payout_id, language="en")
    assert paid_out == 150_00 - 90 - 80_00
    parts = {part.what: part.amount_minor for window in told.answer.parts for part in window.parts}
    assert parts["payout.dispute"] == -80_00
    assert "payout.unexplained" not in parts

    shown = GiveEvidence(**case.names, person_id=case.alice, files=(PHOTO,))
    assert world.do(shown).event
    assert world.do(GiveEvidence(**case.names, merchant_id=SHOP, note="as sent")).event
    assert world.do(GiveEvidence(**case.names, merchant_id=SHOP + 1, note="?")).refusal.name == "NoSuchRequest"
    assert case.decide(30_00).event

    payment = world.payment(payment_id)
    assert (payment.credit_refunded_minor, payment.dispute_held_minor) == (30_00, 0)
    # The refund is 30.00 less its fee of 0.18; the rest of what was held is his again.
    assert world.balance("MERCHANT_PAYABLE") == 80_00 - 30_00 + 18
    assert world.balance("DISPUTE_HELD") == 0
    world.assert_books_hold()
    case.assert_folds_to_what_it_is()


def swept(world: World) -> Case:
    """A refused request of a sale whose money is in the seller's available balance: the bank has given his payout back."""
    payment_id = escrowed(world)
    world.receive(payment_id)
    case = Case(world, payment_id, 100_00)
    case.answer(agree=False)
    world.until(world.today + DAY)
    payout_id = world.one("SELECT max(id) FROM payout WHERE state = 'sent'")
    returned = {"payout_id": payout_id, "merchant_id": SHOP, "bank_reference": "b", "returned": True}
    assert world.do(SettlePayout(**returned, amount_minor=99_40)).event
    return case


def test_a_swept_sale_is_held_out_of_what_is_available_and_a_refund_by_another_way_uses_it(world):
    case = swept(world)

    opened = world.do(OpenDispute(**case.names, person_id=case.alice))
    assert (opened.event.held_minor, opened.event.swept_minor) == (99_40, 99_40)
    assert world.balance("MERCHANT_AVAILABLE") == 0
    world.assert_books_hold()
    assert world.refund(case.payment_id, 100_00).event

    assert (case.now.state, world.payment(case.payment_id).dispute_held_minor) == (RequestState.REFUNDED, 0)
    assert world.balance("MERCHANT_PAYABLE") + world.balance("MERCHANT_AVAILABLE") == 0
    world.assert_books_hold()
    case.assert_folds_to_what_it_is()


def test_nobody_decides_and_the_terms_do(world):
    payment_id = escrowed(world)
    case = Case(world, payment_id, 30_00)
    assert case.dispute().event.held_minor == 0
    disputed_on = world.today

    world.until(disputed_on + 4 * DAY)
    late = world.do(GiveEvidence(**case.names, person_id=case.alice, note="one more thing"))
    world.until(disputed_on + 16 * DAY)

    assert late.refusal.name == "TooLate"
    assert (case.now.state, case.now.refunded_minor) == (RequestState.DECIDED, 30_00)
    assert world.payment(payment_id).confirm_on == disputed_on + 26 * DAY
    case.assert_folds_to_what_it_is()


def test_a_buyer_puts_off_the_clock_once_and_a_seller_his_authorization(world):
    payment_id, paid_on = escrowed(world), world.today
    held = world.authorize("alice", 50_00).event.payment_id
    until = world.payment(held).expires_at
    extend = ExtendReceipt(payment_id=payment_id, person_id=world.people["alice"])

    assert world.do(extend).event.confirm_on == paid_on + 13 * DAY
    assert world.do(extend).refusal.name == "ExtendedAlready"
    assert world.do(ExtendAuthorization(payment_id=held, merchant_id=SHOP + 1)).refusal.name == "NothingAuthorized"
    assert world.do(ExtendAuthorization(payment_id=held, merchant_id=SHOP)).event
    assert world.payment(held).expires_at == until + 7 * DAY
    assert world.do(ExtendAuthorization(payment_id=held, merchant_id=SHOP)).refusal.name == "ExtendedAlready"
    world.until(paid_on + 12 * DAY)
    assert world.payment(payment_id).state is PaymentState.ESCROWED

    world.until(paid_on + 13 * DAY)

    assert world.payment(payment_id).state is PaymentState.CAPTURED


CUPS = (
    OrderLine(sku="cup", title="cup", quantity=3, unit_minor=30_00, amount_minor=80_00),
    OrderLine(sku="post", title="shipping", quantity=1, unit_minor=20_00, amount_minor=20_00),
)


def test_items_are_given_back_once_whoever_asks(world):
    payment_id = escrowed(world, 100_00, lines=CUPS)
    two = (ItemCount(line=1, quantity=2),)
    assert world.do(Ship(payment_id=payment_id, merchant_id=SHOP, carrier="SF", tracking_no="1", items=two)).event

    def refund(number: str, amount_minor: int, items: tuple[ItemCount, ...], fee_minor: int = 0) -> Outcome:
        command = {"payment_id": payment_id, "amount_minor": amount_minor, "request_no": number}
        return world.do(Refund(**command, items=items, fee_minor=fee_minor))

    assert refund("r1", 50_00, two).refusal.items_minor == 53_33
    assert refund("r2", 50_00, two, 3_33).event
    assert refund("r3", 26_67, two).refusal.left == 1
    case = Case(world, payment_id, 26_67, items=(ItemCount(line=1, quantity=1),))
    assert case.asked.event
    # The seller gives the last cup back by himself before he answers: there is nothing left to be given for it.
    assert refund("r4", 26_67, (ItemCount(line=1, quantity=1),)).event
    assert case.answer(agree=True).event

    assert (case.now.state, case.now.refunded_minor) == (RequestState.REFUNDED, 0)
    assert world.payment(payment_id).refundable_minor == 20_00 + 3_33
    world.assert_books_hold()


def both(world: World, first: Any, second: Any) -> list[Outcome]:
    """Two commands at once, each in an engine of its own, as two processes would."""
    with Engine(world.dsn) as other, ThreadPoolExecutor(2) as threads:
        calls = [(world.engine, first), (other, second)]
        running = [threads.submit(engine.execute, [Submission(command=command)]) for engine, command in calls]
        return [each.result()[0] for each in running]


@pytest.mark.parametrize("rounds", [4])
def test_a_request_and_the_clock_in_the_same_second_leave_one_story(world, rounds):
    alice = world.people["alice"]
    for _ in range(rounds):
        payment_id = escrowed(world, 20_00)
        world.connection.execute("UPDATE payment SET confirm_on = %s WHERE id = %s", (world.today, payment_id))
        world.connection.commit()
        request_id = world.engine.new_id(lane_of(payment_id))
        asks = RequestRefund(
            request_id=request_id, payment_id=payment_id, person_id=alice, amount_minor=20_00, reason="not_received"
        )

        asked, received = both(world, asks, Receive(payment_id=payment_id, by="clock"))

        payment = world.payment(payment_id)
        assert asked.event, "a refund may be asked for after receipt too"
        assert payment.particulars.request_id == request_id
        if received.event is None:
            assert (received.refusal.name, payment.state) == ("RequestOpen", PaymentState.ESCROWED)
            assert payment.particulars.days_left == 0
        else:
            assert (payment.state, payment.particulars.days_left) == (PaymentState.CAPTURED, None)
    world.assert_books_hold()


def test_a_refund_by_another_wire_and_an_agreed_request_give_back_no_more_than_was_paid(world):
    for _ in range(4):
        payment_id = world.buy("alice", 30_00, 30_00, app=DIRECT_APP).event.payment_id
        case = Case(world, payment_id, 60_00)
        by_wire = Refund(payment_id=payment_id, amount_minor=50_00, request_no="alipay-1")
        agrees = AnswerRequest(**case.names, merchant_id=SHOP, agree=True)

        refunded, answered = both(world, by_wire, agrees)

        payment = world.payment(payment_id)
        assert payment.refunded_minor == 60_00
        assert answered.event, answered.refusal
        assert (refunded.event is None) == (case.now.refunded_minor == 60_00)
        assert payment.particulars.request_id == 0
    world.assert_books_hold()


def test_a_payout_that_races_a_dispute_takes_what_is_not_held(world):
    case = swept(world)
    pays = PayOut(payout_id=world.engine.new_id(lane_of(SHOP)), merchant_id=SHOP)

    paid, opened = both(world, pays, OpenDispute(**case.names, person_id=case.alice))

    held = opened.event.held_minor
    assert held in (0, 100_00 - 60)
    assert held + (paid.event.amount_minor if paid.event else 0) == 100_00 - 60
    world.assert_books_hold()
    refunds = case.decide(100_00)
    if held:
        assert refunds.event
        assert world.payment(case.payment_id).state is PaymentState.REFUNDED
    else:
        assert refunds.refusal.name == "MerchantBalanceTooLow"
    world.assert_books_hold()

"""The story: a month of pay-later, told as it happens on a real instance, each figure compared to the cent.

Alice buys a tea set, a phone in twelve installments and a coat that she sends back; a camera is too much. The bill comes,
she pays less than she should, then the rest, and the next bill charges ten days of interest, once. The shop sells through
a vendor's own SDK, is told of everything, and is paid. At the end the books are proven.

The figures are those of the `huabei` preset with a limit of 10,000.00, a fee of 0.60 % for the merchant, and 7.50 % for
twelve installments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from florin.engine import clock
from florin.events import StatementLine
from florin.events.refusals import yuan
from florin.money import yuan_text
from florin.queries.lines import LineView, line_of_person
from florin.queries.statements import statement_of
from florin.sandbox.control import VerbRefused
from florin.sandbox.instance import Instance
from florin.sandbox.provision import AppWanted, ShopperWanted, Wanted
from florin.sandbox.storefront import Shop
from florin.sandbox.teller import BillLine, Part, Teller
from florin.sandbox.verbs import Verbs

MALL = "Lotus Mall"
MARKET = AppWanted(app_id=2021_0001_0000_0001, name="Lotus Market", market="escrow")
FLAGSHIP = AppWanted(app_id=2021_0001_0000_0002, name="Lotus Phones", market="direct")
ALICE = ShopperWanted(logon="alice", name="Alice", wallet_minor=500_00, limit_minor=10_000_00)
BOB = ShopperWanted(logon="bob", name="Bob", wallet_minor=0, limit_minor=0)
WANTED = Wanted(merchant=MALL, merchant_zh="莲花商城", apps=(MARKET, FLAGSHIP), shoppers=(ALICE, BOB))
STOREFRONTS = {"market": MARKET, "flagship": FLAGSHIP}

_SHOP, _LENDER, _PLATFORM, _ALICE = "green", "magenta", "cyan", "yellow"


class FigureWrong(AssertionError):
    """An amount is not what it must be: `figure`, on its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One fact of the story that was compared: an amount or a day, as text."""

    on: date
    what: str
    value: str


class Story:
    """Tells itself on an instance made as WANTED, by a shop with STOREFRONTS. Raises FigureWrong."""

    def __init__(self, instance: Instance, shop: Shop, teller: Teller) -> None:
        self._instance = instance
        self._verbs = Verbs(instance)
        self._shop = shop
        self._tell = teller
        self._subjects: dict[int, str] = {}
        self.figures: list[Figure] = []

    def run(self) -> None:
        self._beginning()
        self._tea_set()
        self._phone()
        self._coat()
        self._tea_arrives()
        self._camera()
        self._first_bill()
        self._pays_too_little()
        self._pays_the_rest()
        self._second_bill()
        self._ending()

    # ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────

    def _beginning(self) -> None:
        package = self._shop.sdk.package
        because = f" ({self._shop.sdk.because})" if self._shop.sdk.because else ""
        self._tell.open(
            "Florin: a month of pay-later",
            f"Alice may owe up to {yuan(ALICE.limit_minor)}, and her wallet holds {yuan(ALICE.wallet_minor)}. {MALL} sells "
            f"through {package}, unmodified{because}. Every amount with a ✓ was just read from the books and compared "
            "with what it must be, to the fen.",
        )
        self._tell.chapter("March: she buys")

    def _tea_set(self) -> None:
        self._day(date(2026, 3, 5), "A tea set, ¥199.00")
        self._ask("market", "TEA-1", "199.00", "Tea set")
        self._tell.say(
            "Bought on the open market, where she owes nothing before the parcel is hers: paying later only commits the "
            "amount."
        )
        self._pay("TEA-1")
        self._amount("committed", self._line().line.committed_minor, "199.00")
        self._amount("owed", self._owed_minor(), "0.00")
        self._gauge()

    def _phone(self) -> None:
        self._day(date(2026, 3, 6), "A phone, ¥6,000.00 in 12 installments")
        self._ask(
            "flagship",
            "PHONE-1",
            "6000.00",
            "Phone",
            extend_params={"hb_fq_num": "12", "hb_fq_seller_percent": "100"},
        )
        self._tell.say(
            "Sold by the brand itself, owed at once. The shop bears the fee, so twelve payments cost her nothing."
        )
        paid = self._pay("PHONE-1")
        self._amount("owed", self._owed_minor(), "6000.00")
        self._text("plan", f"{paid['installments']} × 500.00", "12 × 500.00")
        self._amount("fee of the plan, 7.50 %", self._minor("CHARGED_FEES"), "450.00")
        self._amount("payable to the shop", self._payable_minor(), "5514.00")
        self._tell.picture(
            "who gets which part of",
            [
                Part(MALL, 5_514_00, _SHOP),
                Part("lender", 450_00, _LENDER),
                Part("platform", 36_00, _PLATFORM),
            ],
        )
        self._gauge()

    def _coat(self) -> None:
        self._day(date(2026, 3, 7), "A coat, ¥380.00, returned the same day")
        self._ask("market", "COAT-1", "380.00", "Coat")
        self._pay("COAT-1")
        self._amount("committed, tea set and coat", self._line().line.committed_minor, "579.00")
        self._tell.say("It does not fit. The shop refunds it through its SDK, before she ever received it:")
        answer = self._shop.call(
            "market", "alipay.trade.refund", out_trade_no="COAT-1", refund_amount="380.00", out_request_no="COAT-1-R"
        )
        self._instance.rest()
        self._text("refunded, says the gateway", answer["refund_fee"], "380.00")
        self._amount("committed", self._line().line.committed_minor, "199.00")
        self._amount("available again", self._line().line.available_minor, "3801.00")
        self._tell.say("No statement will ever show it.", style="dim")

    def _tea_arrives(self) -> None:
        self._day(date(2026, 3, 8), "The tea set arrives, and she confirms it")
        self._verbs.receive(out_trade_no="TEA-1")
        self._amount("committed", self._line().line.committed_minor, "0.00")
        self._amount("owed", self._owed_minor(), "6199.00")
        self._amount("payable to the shop, less 0.60 %", self._payable_minor(), "197.81")
        self._tell.picture("who gets which part of", [Part(MALL, 197_81, _SHOP), Part("platform", 1_19, _PLATFORM)])
        self._gauge()

    def _camera(self) -> None:
        self._day(date(2026, 3, 9), "A camera, ¥5,000.00: too much")
        self._ask("market", "CAMERA-1", "5000.00", "Camera")
        try:
            self._verbs.pay(out_trade_no="CAMERA-1", who="alice", tender="credit")
        except VerbRefused as refused:
            self._tell.say("She is refused, and told by how much and what she can do:")
            self._tell.quote(refused.sentence)
            self._text("refused", refused.name, "CreditLimitExceeded")
            self._text("above what is available", refused.numbers["numbers"]["over"], "1199.00")
            if "¥1,199.00" not in refused.sentence:
                raise FigureWrong(f"the sentence does not say ¥1,199.00: {refused.sentence}") from None
        else:
            raise FigureWrong("a camera above the limit was sold")
        self._amount("paid out to the shop so far", self._paid_out_minor(), "5711.81")

    def _first_bill(self) -> None:
        self._tell.end_of_day()
        self._tell.chapter("April: she pays, too little at first")
        self._day(date(2026, 4, 1), "The cycle closes, and the bill comes")
        shown = self._bill(date(2026, 4, 1))
        self._amount("to pay", shown.image_minor, "699.00")
        self._text("due", str(shown.due_on), "2026-04-10")
        self._amount("at least: 10 % of 199.00, all of 500.00", shown.minimum_minor, "519.90")
        self._text("lines", ", ".join(yuan_text(line.amount_minor) for line in shown.lines), "199.00, 500.00")

    def _pays_too_little(self) -> None:
        self._day(date(2026, 4, 10), "She repays ¥300.00 from her wallet")
        self._verbs.repay(who="alice", amount="300.00", source="wallet")
        shown = self._shown(date(2026, 4, 1))
        self._amount("remaining of the bill", shown.remaining_minor, "399.00")
        self._amount("minimum missed by", shown.minimum_left_minor, "219.90")
        self._amount("left in her wallet", self._wallet_minor(), "200.00")
        self._day(date(2026, 4, 11), "Past due, from today")
        self._text("oldest unmet bill was due", str(self._line().line.past_due_on), "2026-04-10")
        self._text("past due", str(self._shown(date(2026, 4, 1)).past_due), "True")
        self._tell.say("Interest runs on what is left: 0.05 % a day, from the due day on.", style="dim")

    def _pays_the_rest(self) -> None:
        self._day(date(2026, 4, 20), "She repays the other ¥399.00 by bank transfer")
        self._verbs.repay(who="alice", amount="399.00", source="bank")
        shown, view = self._shown(date(2026, 4, 1)), self._line()
        self._amount("remaining of the bill", shown.remaining_minor, "0.00")
        self._text("past due since", str(view.line.past_due_on), "None")
        self._amount("interest: 399.00 × 0.05 % × 10 days = 1.995", view.payoff.accrued_minor, "2.00")
        self._tell.say("She is current again. The interest waits for the next bill; there is no late charge beside it.")

    def _second_bill(self) -> None:
        self._tell.end_of_day()
        self._tell.chapter("May: the next bill, and who got what")
        self._day(date(2026, 5, 1), "The cycle closes again")
        shown = self._bill(date(2026, 5, 1))
        self._amount("to pay", shown.image_minor, "502.00")
        self._text("lines", ", ".join(f"{line.what} {yuan_text(line.amount_minor)}" for line in shown.lines),
                   "installment 500.00, interest 2.00")  # fmt: skip

    def _ending(self) -> None:
        self._amount("paid out to the shop", self._paid_out_minor(), "5711.81")
        self._amount("platform's fees", self._minor("MDR_INCOME"), "37.19")
        self._amount("interest earned", self._minor("INTEREST_INCOME"), "2.00")
        self._amount("installment fee, earned and deferred", self._minor("CHARGED_FEES"), "450.00")
        self._tell.picture(
            "who got which part of the goods she kept,",
            [
                Part(MALL, self._paid_out_minor(), _SHOP),
                Part("lender's fee", self._minor("CHARGED_FEES"), _LENDER),
                Part("platform", self._minor("MDR_INCOME"), _PLATFORM),
            ],
        )
        heard = self._shop.notifies()
        genuine = sum(notify["genuine"] for notify in heard)
        self._text("notifies that the SDK verified", f"{genuine} of {len(heard)}", f"{len(heard)} of {len(heard)}")
        told = {(each["form"]["out_trade_no"], each["form"]["trade_status"]) for each in heard}
        wanted = {(order, "TRADE_SUCCESS") for order in ("TEA-1", "PHONE-1", "COAT-1")} | {("COAT-1", "TRADE_CLOSED")}
        if not wanted <= told:
            raise FigureWrong(f"the shop was not told of {sorted(wanted - told)}")
        checks = self._verbs.prove()["checks"]
        holding = sum(check["holds"] for check in checks)
        self._text("checks of the books that hold", f"{holding} of {len(checks)}", f"{len(checks)} of {len(checks)}")
        self._tell.end_of_day()

    # ── doing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _day(self, on: date, title: str) -> None:
        self._instance.advance_to_morning(on)
        self._tell.day(on, title)

    def _ask(self, storefront: str, number: str, amount: str, subject: str, **more: Any) -> None:
        answer = self._shop.call(
            storefront,
            "alipay.trade.precreate",
            out_trade_no=number,
            total_amount=amount,
            subject=subject,
            **more,
        )
        if answer.get("out_trade_no") != number or "qr_code" not in answer:
            raise FigureWrong(f"no code for {number}: {answer}")

    def _pay(self, number: str) -> dict[str, Any]:
        paid = self._verbs.pay(out_trade_no=number, who="alice", tender="credit")
        view = self._verbs.payment(number)
        self._subjects[view.id] = str(paid["subject"])
        return paid

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _alice(self) -> Any:
        return self._instance.provisioned.shoppers["alice"]

    def _line(self) -> LineView:
        at = clock.read(self._instance.connection)
        with self._instance.reads.connection() as connection:
            view = line_of_person(connection, person_id=self._alice.person_id, at=at)
        assert view is not None, "alice has a line"
        return view

    def _owed_minor(self) -> int:
        line = self._line().line
        return line.principal_minor + line.fee_minor + line.interest_minor

    def _shown(self, closes_on: date) -> Any:
        at = clock.read(self._instance.connection)
        with self._instance.reads.connection() as connection:
            shown = statement_of(connection, line_id=self._alice.line_id, closes_on=closes_on, at=at)
        if shown is None:
            raise FigureWrong(f"there is no statement of {closes_on}")
        return shown

    def _payable_minor(self) -> int:
        return self._minor("MERCHANT_PAYABLE")

    def _paid_out_minor(self) -> int:
        return self._one("SELECT coalesce(sum(amount_minor), 0)::bigint FROM payout WHERE state = 'settled'")

    def _wallet_minor(self) -> int:
        return self._one("SELECT balance_minor FROM wallet WHERE id = %(name)s", self._alice.person_id)

    def _minor(self, account: str) -> int:
        """The sum of one account over the whole book; CHARGED_FEES: installment fees, earned or still deferred."""
        if account == "CHARGED_FEES":
            return self._minor("DEFERRED_FEE_INCOME") + self._minor("FEE_INCOME")
        return self._one(
            "SELECT coalesce(sum(signed_minor), 0)::bigint FROM posting_line WHERE name = %(name)s", account
        )

    def _one(self, question: Any, name: Any = None) -> int:
        row = self._instance.connection.execute(question, {"name": name}).fetchone()
        assert row is not None
        return int(row[0])

    # ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _amount(self, what: str, found_minor: int, expected: str) -> None:
        self._text(what, yuan_text(found_minor), expected)

    def _text(self, what: str, found: str, expected: str) -> None:
        on = clock.read(self._instance.connection).on
        if found != expected:
            raise FigureWrong(f"{on}, {what}: expected {expected}, found {found}")
        self.figures.append(Figure(on=on, what=what, value=found))
        self._tell.figure(what, found)

    def _gauge(self) -> None:
        line = self._line().line
        parts = [
            Part("owed", self._owed_minor(), _ALICE),
            Part("committed", line.committed_minor, _ALICE, "▒"),
            Part("free", line.available_minor, "dim", "·"),
        ]
        self._tell.picture("her limit of", parts)

    def _bill(self, closes_on: date) -> Any:
        shown = self._shown(closes_on)
        lines = [BillLine(self._named(line), line.amount_minor) for line in shown.lines]
        self._tell.bill(
            f"Alice's bill of {closes_on.day} {closes_on:%B}",
            lines,
            f"{yuan(shown.image_minor)}, due {shown.due_on.day} {shown.due_on:%B}; at least {yuan(shown.minimum_minor)}",
        )
        return shown

    def _named(self, line: StatementLine) -> str:
        subject = self._subjects.get(line.item_id, "")
        if line.what == "installment":
            return f"{subject}, installment {line.number} of {line.count}"
        return subject or line.what.capitalize()

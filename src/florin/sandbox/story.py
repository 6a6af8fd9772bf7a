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

from florin.credit.statement import StatementShown, next_statement
from florin.engine import clock
from florin.events import StatementLine
from florin.events.refusals import yuan
from florin.money import parse_yuan, yuan_text
from florin.queries.lines import LineView, line_of_person
from florin.queries.statements import statement_of
from florin.sandbox.instance import Instance
from florin.sandbox.provision import AppWanted, ShopperWanted, Wanted
from florin.sandbox.remote import VerbRefused
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

# How each party is drawn in pictures: style and texture.
_SHOP, _LENDER, _PLATFORM = ("green", "█"), ("magenta", "▓"), ("cyan", "▒")
_OWED, _COMMITTED, _FREE = ("yellow", "█"), ("yellow", "▒"), ("dim", "·")


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
        sdk = self._shop.sdk
        because = f" ({sdk.because})" if sdk.because else ""
        self._tell.open(
            "Florin: a month of pay-later",
            f"Alice may owe up to {yuan(ALICE.limit_minor)}, and her wallet holds {yuan(ALICE.wallet_minor)}. {MALL} sells "
            f"through {sdk.package}, unmodified{because}. Every ✓ is a figure just read from the books and compared with "
            "what it must be, to the cent.",
        )
        self._tell.chapter("March: she buys")

    def _tea_set(self) -> None:
        self._day(date(2026, 3, 5), "A tea set, ¥199.00")
        self._ask("market", "TEA-1", "199.00", "Tea set")
        self._tell.say("Bought on the open market, to be paid next month. Until the parcel is hers she owes nothing.")
        self._pay("TEA-1")
        self._amount("committed", self._line().line.committed_minor, "199.00")
        self._amount("owed", self._owed_minor(), "0.00")
        self._limit()

    def _phone(self) -> None:
        self._day(date(2026, 3, 6), "A phone, ¥6,000.00 in 12 installments")
        fee_by_shop = {"hb_fq_num": "12", "hb_fq_seller_percent": "100"}
        self._ask("flagship", "PHONE-1", "6000.00", "Phone", extend_params=fee_by_shop)
        self._tell.say("Sold by the brand itself and owed at once. The shop bears the fee: the price stays the price.")
        paid = self._pay("PHONE-1")
        self._amount("owed", self._owed_minor(), "6000.00")
        self._fact("plan", f"{paid['installments']} × {yuan_text(self._next_installment_minor())}", "12 × 500.00")
        self._amount("fee of the plan, 7.50 %, borne by the shop", self._minor("CHARGED_FEES"), "450.00")
        self._amount("payable to the shop", self._minor("MERCHANT_PAYABLE"), "5514.00")
        self._shares(
            [Part(MALL, 5_514_00, *_SHOP), Part("lender", 450_00, *_LENDER), Part("platform", 36_00, *_PLATFORM)]
        )
        self._limit()

    def _coat(self) -> None:
        self._day(date(2026, 3, 7), "A coat, ¥380.00, and back with it")
        self._amount("paid out this morning, for the phone", self._paid_out_minor(), "5514.00")
        self._ask("market", "COAT-1", "380.00", "Coat")
        self._pay("COAT-1")
        self._amount("committed, coat and tea set", self._line().line.committed_minor, "579.00")
        self._tell.say("It does not fit. The shop refunds it through its SDK, before she ever received it.")
        answer = self._shop.call(
            "market", "alipay.trade.refund", out_trade_no="COAT-1", refund_amount="380.00", out_request_no="COAT-1-R"
        )
        self._instance.rest()
        self._fact("refunded, says the gateway", answer["refund_fee"], "380.00", shown="¥380.00")
        self._amount("committed", self._line().line.committed_minor, "199.00")
        self._amount("available again", self._line().available_minor, "3801.00")
        self._tell.say("No statement will ever show it.", style="dim")

    def _tea_arrives(self) -> None:
        self._day(date(2026, 3, 8), "The tea set arrives, and she confirms it")
        self._verbs.receive(out_trade_no="TEA-1")
        self._amount("committed", self._line().line.committed_minor, "0.00")
        self._amount("owed", self._owed_minor(), "6199.00")
        self._amount("payable to the shop, less 0.60 %", self._minor("MERCHANT_PAYABLE"), "197.81")
        self._shares([Part(MALL, 197_81, *_SHOP), Part("platform", 1_19, *_PLATFORM)])
        self._limit()

    def _camera(self) -> None:
        self._day(date(2026, 3, 9), "A camera, ¥5,000.00: too much")
        self._amount("paid out this morning, for the tea set", self._paid_out_minor() - 5_514_00, "197.81")
        self._ask("market", "CAMERA-1", "5000.00", "Camera")
        try:
            self._verbs.pay(out_trade_no="CAMERA-1", who="alice", tender="credit")
        except VerbRefused as refused:
            self._tell.say("She is refused, and reads by how much and what she can do:")
            self._tell.quote(refused.sentence)
            over = refused.numbers["numbers"]["over"]
            self._fact("above what is available", over, "1199.00", shown=yuan(parse_yuan(over)))
            self._fact("refused, because she is", refused.name, "CreditLimitExceeded", shown="over her limit")
            if "¥1,199.00" not in refused.sentence:
                raise FigureWrong(f"the sentence does not say ¥1,199.00: {refused.sentence}") from None
        else:
            raise FigureWrong("a camera above the limit was sold")

    def _first_bill(self) -> None:
        self._tell.chapter("April: she pays, too little at first")
        self._day(date(2026, 4, 1), "The cycle closes, and the bill comes")
        shown = self._bill(date(2026, 4, 1))
        self._amount("to pay", shown.image_minor, "699.00")
        self._date("due", shown.due_on, date(2026, 4, 10))
        self._amount("at least: 10 % of 199.00 and all of 500.00", shown.minimum_minor, "519.90")
        self._fact(
            "lines", _lines_of(shown), "purchase 199.00, installment 500.00", shown=f"{len(shown.lines)}, no coat"
        )

    def _pays_too_little(self) -> None:
        self._day(date(2026, 4, 10), "She repays ¥300.00 from her wallet")
        self._verbs.repay(who="alice", amount="300.00", source="wallet")
        shown = self._shown(date(2026, 4, 1))
        self._amount("remaining of the bill", shown.remaining_minor, "399.00")
        self._amount("minimum missed by", shown.minimum_left_minor, "219.90")
        self._amount("left in her wallet", self._wallet_minor(), "200.00")
        self._day(date(2026, 4, 11), "Past due")
        self._date("the bill whose minimum she missed was due", self._line().line.past_due_on, date(2026, 4, 10))
        self._fact("past due from today", str(self._shown(date(2026, 4, 1)).past_due), "True", shown="yes")
        self._tell.say("Interest runs on what is left, 0.05 % a day from the due day on.", style="dim")

    def _pays_the_rest(self) -> None:
        self._day(date(2026, 4, 20), "She repays the other ¥399.00 by bank transfer")
        self._verbs.repay(who="alice", amount="399.00", source="bank")
        shown, view = self._shown(date(2026, 4, 1)), self._line()
        self._amount("remaining of the bill", shown.remaining_minor, "0.00")
        self._fact("past due", str(view.line.past_due_on), "None", shown="no longer")
        self._amount("interest, 10 days: 1.995, rounded half up", view.payoff.accrued_minor, "2.00")
        self._tell.say("It waits for the next bill, and there is no late charge beside it.", style="dim")

    def _second_bill(self) -> None:
        self._tell.chapter("May: the next bill, and who got what")
        self._day(date(2026, 5, 1), "The cycle closes again")
        shown = self._bill(date(2026, 5, 1))
        self._amount("to pay", shown.image_minor, "502.00")
        self._fact("lines", _lines_of(shown), "installment 500.00, interest 2.00", shown="2, nothing else")

    def _ending(self) -> None:
        self._tell.say("")
        self._amount("paid out to the shop, both sales", self._paid_out_minor(), "5711.81")
        self._amount("fees of the platform", self._minor("MDR_INCOME"), "37.19")
        self._amount("fee of the plan, earned or deferred", self._minor("CHARGED_FEES"), "450.00")
        self._amount("interest earned, charged once", self._minor("INTEREST_INCOME"), "2.00")
        self._table_of_shares()
        self._notifies_and_proof()

    def _table_of_shares(self) -> None:
        """Each row adds up, and so does each column: the amounts were compared above."""
        columns = [("", ""), ("Alice", _OWED[0]), (MALL, _SHOP[0]), ("lender", _LENDER[0]), ("platform", _PLATFORM[0])]
        rows: list[list[int | str]] = [
            ["tea set", 199_00, 197_81, 0, 1_19],
            ["phone", 6_000_00, 5_514_00, 450_00, 36_00],
            ["interest", 2_00, 0, 2_00, 0],
            ["who got which cent", 6_201_00, self._paid_out_minor(), 452_00, self._minor("MDR_INCOME")],
        ]
        for row in rows:
            amounts = [cell for cell in row if isinstance(cell, int)]
            if amounts[0] != sum(amounts[1:]):
                raise FigureWrong(f"{row} does not add up")
        self._tell.say("")
        self._tell.table(columns, rows)
        _, _, shop, lender, platform = rows[-1]
        parts = zip((MALL, "lender", "platform"), (shop, lender, platform), (_SHOP, _LENDER, _PLATFORM), strict=True)
        self._tell.say("")
        self._shares([Part(who, int(amount), *look) for who, amount, look in parts])

    def _notifies_and_proof(self) -> None:
        heard = self._shop.notifies()
        genuine = sum(notify["genuine"] for notify in heard)
        told = {(each["form"]["out_trade_no"], each["form"]["trade_status"]) for each in heard}
        wanted = {(order, "TRADE_SUCCESS") for order in ("TEA-1", "PHONE-1", "COAT-1")} | {("COAT-1", "TRADE_CLOSED")}
        if not wanted <= told:
            raise FigureWrong(f"the shop was not told of {sorted(wanted - told)}")
        checks = self._verbs.prove()["checks"]
        holding = sum(check["holds"] for check in checks)
        self._tell.say("")
        self._fact("notifies that the SDK verified", f"{genuine} of {len(heard)}", f"{len(heard)} of {len(heard)}")
        self._fact("checks of the books that hold", f"{holding} of {len(checks)}", f"{len(checks)} of {len(checks)}")

    # ── doing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _day(self, on: date, title: str) -> None:
        with self._tell.waiting("the days pass, each is closed"):
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

    def _next_installment_minor(self) -> int:
        """The next installment of the one plan that there is."""
        view = self._line()
        statement = next_statement(view.account, view.program)
        assert statement is not None, "something is owed"
        return next(line.amount_minor for line in statement.lines if line.what == "installment")

    def _shown(self, closes_on: date) -> StatementShown:
        at = clock.read(self._instance.connection)
        with self._instance.reads.connection() as connection:
            shown = statement_of(connection, line_id=self._alice.line_id, closes_on=closes_on, at=at)
        if shown is None:
            raise FigureWrong(f"there is no statement of {closes_on}")
        return shown

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
        self._fact(what, yuan_text(found_minor), expected, shown=yuan(found_minor))

    def _date(self, what: str, found: date | None, expected: date) -> None:
        self._fact(what, str(found), str(expected), shown=f"{expected.day} {expected:%B}")

    def _fact(self, what: str, found: str, expected: str, *, shown: str = "") -> None:
        """Compare, keep and tell. shown: how a person reads it, when it is not the text itself."""
        on = clock.read(self._instance.connection).on
        if found != expected:
            raise FigureWrong(f"{on}, {what}: expected {expected}, found {found}")
        self.figures.append(Figure(on=on, what=what, value=found))
        self._tell.figure(what, shown or found)

    def _limit(self) -> None:
        view = self._line()
        parts = [
            Part("owed", self._owed_minor(), *_OWED),
            Part("committed", view.line.committed_minor, *_COMMITTED),
            Part("free", view.available_minor, *_FREE),
        ]
        self._tell.picture("her limit", parts)

    def _shares(self, parts: list[Part]) -> None:
        self._tell.picture("who gets which part of", parts)

    def _bill(self, closes_on: date) -> StatementShown:
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


def _lines_of(shown: StatementShown) -> str:
    return ", ".join(f"{line.what} {yuan_text(line.amount_minor)}" for line in shown.lines)

"""`florin merchant`: who sells here: add, list, freeze, reopen, and who may see a merchant's pages."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from psycopg import Connection

from florin.app.house import DataOption, JsonOption, ask_password, entered, group, say, say_table
from florin.app.logins import make_merchant_login, refuse_logon
from florin.engine.admin import NAMES_TURN, add_merchant, allow_campaigns, place_merchant, set_merchant_state
from florin.engine.ids import IdBlocks
from florin.engine.side import Side
from florin.events.refusals import yuan
from florin.money import AmountTextInvalid, parse_yuan
from florin.queries.directory import MerchantRow, merchants, merchants_called
from florin.store import StoreRefusal

app = group("Merchants: add, list, set, freeze, reopen, and their logins.")

MerchantArgument = Annotated[str, typer.Argument(metavar="MERCHANT", help="The merchant's number, or its exact name.")]


class RefundOrderOption(StrEnum):
    """In which order a refund gives the tenders back."""

    CREDIT_FIRST = "credit_first"
    PROPORTIONAL = "proportional"
    COUPON_LAST = "coupon_last"


class RateUnreadable(StoreRefusal):
    def __init__(self, *, text: str) -> None:
        super().__init__(
            f"{text[:40]!r} is no rate.", "Write percent with at most four decimals, from 0% to 100%, as in 0.60%."
        )


class AmountUnreadable(StoreRefusal):
    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no amount.", "Write yuan with at most two decimals, as in 10000.00.")


class NameMissing(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("A merchant needs a name.", "Give the one that shoppers know the shop by.")


class MerchantNameTaken(StoreRefusal):
    def __init__(self, *, name: str, merchant_id: int) -> None:
        super().__init__(
            f"There is a merchant {name} already: {merchant_id}.",
            "Add an app to it with `florin app add`, or choose another name.",
        )


class NoSuchMerchant(StoreRefusal):
    def __init__(self, *, text: str) -> None:
        super().__init__(f"There is no merchant {text[:80]}.", "See `florin merchant list`.")


class MerchantAmbiguous(StoreRefusal):
    def __init__(self, *, text: str, ids: list[int]) -> None:
        super().__init__(f"{len(ids)} merchants are called {text}.", f"Give a number: {', '.join(map(str, ids))}.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="As shoppers know the shop.")],
    mdr: Annotated[str, typer.Option("--mdr", help="The fee on each sale, in percent: 0.60%.")],
    name_zh: Annotated[str, typer.Option("--name-zh", help="The name in Chinese.")] = "",
    market: Annotated[
        str, typer.Option("--market", help="The market of which it is part, as sub-limits name it.")
    ] = "",
    category: Annotated[str, typer.Option("--category", help="The kind of goods, as sub-limits name it.")] = "general",
    payout_account: Annotated[str, typer.Option("--payout-account", help="The bank account that is paid.")] = "",
    mdr_refunded: Annotated[bool, typer.Option("--mdr-refunded", help="Give the fee back with a refund.")] = False,
    negative_limit: Annotated[
        str, typer.Option("--negative-limit", help="How far below zero refunds of paid-out sales may take it, in yuan.")
    ] = "0",
    refund_order: Annotated[
        RefundOrderOption, typer.Option("--refund-order", help="In which a refund gives credit, wallet, coupon back.")
    ] = RefundOrderOption.CREDIT_FIRST,
    login: Annotated[
        str | None, typer.Option("--login", help="A name to sign in to its pages with; the password is asked for.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a merchant. With --login the password is asked for on the terminal, or read from standard input."""
    ppm, negative_limit_minor = rate_ppm(mdr), amount_minor(negative_limit)
    if not name.strip():
        raise NameMissing
    with entered(data) as house:
        connection = house.connection
        _refuse_name(connection, name.strip())
        password = ""
        if login is not None:
            refuse_logon(connection, login)
            password = ask_password(login)
        side = Side(house.store.addresses.engine, name="operator-ids")
        try:
            with connection.transaction():
                connection.execute(NAMES_TURN)
                _refuse_name(connection, name.strip())
                merchant_id = add_merchant(
                    connection,
                    IdBlocks(side),
                    name=name.strip(),
                    name_zh=name_zh,
                    market=market,
                    category=category,
                    mdr_ppm=ppm,
                    mdr_refunded=mdr_refunded,
                    negative_limit_minor=negative_limit_minor,
                    payout_account=payout_account,
                    refund_order=refund_order.value,
                )
        finally:
            side.close()
        if login is not None:
            make_merchant_login(house.store, logon=login, password=password, merchant_id=merchant_id)
    say(
        as_json,
        {"id": str(merchant_id), "name": name.strip(), "mdr_ppm": ppm, "login": login},
        f"Merchant {merchant_id}: {name.strip()}, fee {rate_text(ppm)} of each sale."
        + (f" {login} may sign in to its pages." if login else ""),
        f"Next: florin app add {merchant_id} --wire alipay|rest --market direct|escrow",
    )


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every merchant, by name."""
    with entered(data) as house:
        found = merchants(house.connection)
    say_table(
        as_json,
        [_document(row) for row in found],
        ("merchant", "name", "market", "goods", "fee", "state", "apps", "available", "paid to", "logins"),
        [
            (
                str(row.id), f"{row.name} {row.name_zh}".strip(), row.market, row.category, rate_text(row.mdr_ppm), row.state,
                str(row.apps), yuan(row.available_minor), row.payout_account, ", ".join(row.logins),
            )
            for row in found
        ],
    )  # fmt: skip


@app.command("set")
def set_(
    merchant: MerchantArgument,
    market: Annotated[str | None, typer.Option("--market", help="The market of which it is part.")] = None,
    category: Annotated[str | None, typer.Option("--category", help="The kind of goods.")] = None,
    campaigns: Annotated[
        bool | None,
        typer.Option("--campaigns/--no-campaigns", help="Whether it may open campaigns that it bears itself."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a merchant sells and what, for sub-limits: of every sale from now on. What is not named stays."""
    with entered(data) as house:
        merchant_id, _ = merchant_of(house.connection, merchant)
        place_merchant(house.connection, merchant_id, market=market, category=category)
        if campaigns is not None:
            allow_campaigns(house.connection, merchant_id, allowed=campaigns)
        row = next(row for row in merchants(house.connection) if row.id == merchant_id)
    said = f"{row.name} sells {row.category}" + (f" in the market {row.market}." if row.market else ", in no market.")
    say(as_json, _document(row), said)


@app.command()
def freeze(merchant: MerchantArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """No new payment and no payout for this merchant, at once; refunds and sweeps go on."""
    _set_state(
        merchant,
        "frozen",
        "is frozen: it takes no new payment and is paid nothing out. `florin merchant reopen` ends it",
        data,
        as_json,
    )


@app.command()
def reopen(merchant: MerchantArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let the merchant take payments again, at once."""
    _set_state(merchant, "open", "is open: it takes payments", data, as_json)


@app.command()
def login(
    merchant: MerchantArgument,
    logon: Annotated[str, typer.Argument(help="The name to sign in with.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let somebody sign in to the merchant's pages, or give that login a new password; it is asked for."""
    with entered(data) as house:
        merchant_id, name = merchant_of(house.connection, merchant)
        refuse_logon(house.connection, logon, merchant_id=merchant_id)
        password = ask_password(logon)
        make_merchant_login(house.store, logon=logon, password=password, merchant_id=merchant_id)
    document = {"id": str(merchant_id), "name": name, "login": logon}
    say(as_json, document, f"{logon} may sign in to the pages of {name} with the new password.")


def merchant_of(connection: Connection[Any], text: str) -> tuple[int, str]:
    """(id, name) of the merchant with this number or name. Raises NoSuchMerchant, MerchantAmbiguous."""
    found = merchants_called(connection, text)
    if not found:
        raise NoSuchMerchant(text=text)
    if len(found) > 1:
        raise MerchantAmbiguous(text=text, ids=[identifier for identifier, _ in found])
    return found[0]


def rate_ppm(text: str) -> int:
    """Parts per million of a rate in percent: `0.60%` is 6000. Raises RateUnreadable."""
    match = _RATE.fullmatch(text.strip())
    ppm = Decimal(match[1]) * 10_000 if match is not None else Decimal(-1)
    if not 0 <= ppm <= 1_000_000:
        raise RateUnreadable(text=text)
    return int(ppm)


def rate_text(ppm: int) -> str:
    """`0.60%`: two decimals, more where they are needed."""
    percent = Decimal(ppm) / 10_000
    return f"{percent:.2f}%" if percent == round(percent, 2) else f"{percent.normalize():f}%"


def amount_minor(text: str) -> int:
    """Minor units of an amount in yuan. Raises AmountUnreadable."""
    try:
        return parse_yuan(text)
    except AmountTextInvalid:
        raise AmountUnreadable(text=text) from None


def _set_state(text: str, state: Literal["open", "frozen"], says: str, data: Path | None, as_json: bool) -> None:
    with entered(data) as house:
        merchant_id, name = merchant_of(house.connection, text)
        set_merchant_state(house.connection, merchant_id, state)
    say(as_json, {"id": str(merchant_id), "name": name, "state": state}, f"{name} {says}.")


def _refuse_name(connection: Connection[Any], name: str) -> None:
    for merchant_id, known in merchants_called(connection, name):
        if known == name:
            raise MerchantNameTaken(name=name, merchant_id=merchant_id)


def _document(row: MerchantRow) -> dict[str, Any]:
    return {
        "id": str(row.id), "name": row.name, "name_zh": row.name_zh, "market": row.market, "category": row.category,
        "state": row.state,
        "mdr_ppm": row.mdr_ppm, "payout_account": row.payout_account, "available_minor": row.available_minor,
        "apps": row.apps, "logins": row.logins,
    }  # fmt: skip


# The sign is asked for: 0.6 alone could mean 60 percent.
_RATE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%", re.ASCII)

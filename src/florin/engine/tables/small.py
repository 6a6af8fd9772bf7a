"""The tables with few columns: wallets, balances, people, agreements, accounts, statements, sweeps, payouts, outbox."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.credit.shared_limit import SharedExposure
from florin.engine.tables.table import Table, bigint, day, instant, integer, json, smallint, text
from florin.payments.charge import Agreement
from florin.payments.merchant import MerchantBalance
from florin.payments.reserve import ReserveHold
from florin.payments.sharing.state import Receiver, Receivers
from florin.wallet.payout import Payout
from florin.wallet.wallet import Wallet

PERSON = Table("person", [smallint("lane"), bigint("id"), text("name"), text("logon")])
WALLET = Table(
    "wallet",
    [smallint("lane"), bigint("id"), bigint("balance_minor"), bigint("withdrawn_minor", 0)],
    changing=("balance_minor", "withdrawn_minor"),
)
AGREEMENT = Table(
    "agreement",
    [smallint("lane"), bigint("id"), bigint("app_id"), bigint("person_id"), bigint("line_id"), text("state"),
     bigint("limit_minor")],
)  # fmt: skip
MERCHANT_BALANCE = Table(
    "merchant_balance",
    [
        smallint("lane"),
        bigint("id"),
        bigint("available_minor"),
        bigint("negative_limit_minor"),
        bigint("reserve_minor"),
        integer("round"),
        text("held_because"),
    ],
    changing=("available_minor", "reserve_minor", "round", "held_because"),
)
# The same rows: who shares with a merchant changes seldom, his balance often.
RECEIVERS = Table("merchant_balance", [smallint("lane"), bigint("id"), json("receivers")], changing=("receivers",))
RESERVE_HOLD = Table(
    "reserve_hold",
    [smallint("lane"), bigint("id"), bigint("merchant_id"), bigint("amount_minor"), day("held_on"), day("release_on"),
     day("released_on", None)],
    changing=("released_on",),
)  # fmt: skip
SHARED_EXPOSURE = Table(
    "shared_exposure",
    [
        smallint("lane"),
        bigint("person_id"),
        bigint("exposure_minor"),
        bigint("limit_minor", None),
        text("exposure_group"),
    ],
    key=("lane", "person_id", "exposure_group"),
    changing=("exposure_minor", "limit_minor"),
)
ACCOUNT = Table(
    "line_account",
    [smallint("lane"), bigint("line_id"), integer("sequence"), json("account")],
    key=("lane", "line_id"),
    changing=("sequence", "account"),
)
STATEMENT = Table(
    "statement",
    [smallint("lane"), bigint("line_id"), bigint("event_id"), bigint("image_minor"), bigint("minimum_minor"),
     bigint("remaining_minor"), bigint("minimum_left_minor"), day("opens_on"), day("closes_on"), day("due_on")],
    key=("lane", "line_id", "closes_on"),
    changing=("remaining_minor", "minimum_left_minor"),
)  # fmt: skip
SWEEP = Table(
    "sweep",
    [smallint("lane"), bigint("merchant_id"), day("window_on"), smallint("window_from"), smallint("window_until"),
     bigint("amount_minor"), day("swept_on")],
    key=("lane", "merchant_id"),
)  # fmt: skip
PAYOUT = Table(
    "payout",
    [smallint("lane"), bigint("id"), bigint("merchant_id"), bigint("person_id"), bigint("amount_minor"), text("state"),
     day("requested_on"), day("settled_on"), text("bank_reference"), bigint("fee_minor", 0), text("reason", ""),
     text("reason_code", "")],
    changing=("state", "settled_on", "bank_reference", "reason", "reason_code"),
)  # fmt: skip
OUTBOX = Table(
    "outbox",
    [smallint("lane"), bigint("id"), bigint("app_id"), bigint("event_id"), text("wire"), text("topic"), text("url"),
     instant("next_at"), json("payload")],
)  # fmt: skip


def wallet_of(row: tuple[Any, ...]) -> Wallet:
    return Wallet(lane=row[0], id=row[1], balance_minor=row[2], withdrawn_minor=row[3])


def wallet_row(wallet: Wallet) -> tuple[Any, ...]:
    return (wallet.lane, wallet.id, wallet.balance_minor, wallet.withdrawn_minor)


def shared_of(row: tuple[Any, ...]) -> SharedExposure:
    lane, person_id, exposure, limit, group = row
    return SharedExposure(lane=lane, person_id=person_id, exposure_minor=exposure, limit_minor=limit, group=group)


def shared_row(shared: SharedExposure) -> tuple[Any, ...]:
    return (shared.lane, shared.person_id, shared.exposure_minor, shared.limit_minor, shared.group)


def balance_of(row: tuple[Any, ...]) -> MerchantBalance:
    lane, identifier, available, negative_limit, reserve, round_, held_because = row
    return MerchantBalance(
        lane=lane, id=identifier, available_minor=available, negative_limit_minor=negative_limit, reserve_minor=reserve,
        round=round_, held_because=held_because,
    )  # fmt: skip


def balance_row(balance: MerchantBalance) -> tuple[Any, ...]:
    return (
        balance.lane, balance.id, balance.available_minor, balance.negative_limit_minor, balance.reserve_minor,
        balance.round, balance.held_because,
    )  # fmt: skip


def receivers_of(row: tuple[Any, ...]) -> Receivers:
    lane, identifier, receivers = row
    return Receivers(lane=lane, id=identifier, receivers=msgspec.convert(receivers, tuple[Receiver, ...]))


def receivers_row(receivers: Receivers) -> tuple[Any, ...]:
    return (receivers.lane, receivers.id, msgspec.json.encode(receivers.receivers).decode())


def reserve_hold_of(row: tuple[Any, ...]) -> ReserveHold:
    lane, identifier, merchant_id, amount, held_on, release_on, released_on = row
    return ReserveHold(
        lane=lane, id=identifier, merchant_id=merchant_id, amount_minor=amount, held_on=held_on, release_on=release_on,
        released_on=released_on,
    )  # fmt: skip


def reserve_hold_row(hold: ReserveHold) -> tuple[Any, ...]:
    return (
        hold.lane, hold.id, hold.merchant_id, hold.amount_minor, hold.held_on, hold.release_on, hold.released_on,
    )  # fmt: skip


def agreement_of(row: tuple[Any, ...]) -> Agreement:
    lane, identifier, app_id, person_id, line_id, state, limit = row
    return Agreement(
        id=identifier, lane=lane, app_id=app_id, person_id=person_id, line_id=line_id, state=state, limit_minor=limit
    )


def payout_of(row: tuple[Any, ...]) -> Payout:
    (
        lane,
        identifier,
        merchant_id,
        person_id,
        amount,
        state,
        requested_on,
        settled_on,
        bank_reference,
        fee_minor,
        *why,
    ) = row
    return Payout(
        id=identifier, lane=lane, merchant_id=merchant_id, person_id=person_id, amount_minor=amount, state=state,
        requested_on=requested_on, settled_on=settled_on, bank_reference=bank_reference,
        fee_minor=fee_minor, reason=why[0], reason_code=why[1],
    )  # fmt: skip


def payout_row(payout: Payout) -> tuple[Any, ...]:
    return (
        payout.lane, payout.id, payout.merchant_id, payout.person_id, payout.amount_minor, payout.state,
        payout.requested_on, payout.settled_on, payout.bank_reference, payout.fee_minor,
        payout.reason, payout.reason_code,
    )  # fmt: skip

"""Reference rows and consents: merchants, apps, agreements, payment codes. None of them is money; all of them allow money.
Beside them the one mark that an operator takes away by hand: a line that the day close has parked.

A change of a merchant, an app or a program raises the clock row's `reference_version` in the same transaction, so that every
process decides with the new row from its next batch on.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.terms import Program
from florin.engine.ids import IdBlocks, lane_for, lane_of
from florin.engine.reference import MOVE_VERSION, fee_plans
from florin.events import RefundOrder
from florin.events.refusals import Refusal
from florin.payments.fee_plan import FeePlan, refuse_plan
from florin.payments.settlement_terms import SettlementTerms, refuse_terms, terms_on

PAYMENT_CODE_LIVES = timedelta(minutes=2)
# Numbers of apps look as the Alipay wire's clients expect them, and JavaScript can hold them.
FIRST_APP_ID, LAST_APP_ID = 2021_0001_0000_0001, 2021_9999_9999_9999
# Two, while an app changes from one to the other.
LIVE_KEYS = 2

# Of two who add a merchant of the same name one is refused. Any number, as long as it is always the same one.
NAMES_TURN = "SELECT pg_advisory_xact_lock(0x666C6F75)"

_ADD_MERCHANT = """
    INSERT INTO merchant (id, lane, name, name_zh, market, category, mdr_ppm, mdr_refunded, negative_limit_minor,
                          payout_account, refund_order)
    VALUES (%(id)s, %(lane)s, %(name)s, %(name_zh)s, %(market)s, %(category)s, %(mdr_ppm)s, %(mdr_refunded)s,
            %(negative_limit_minor)s, %(payout_account)s, %(refund_order)s)
"""
_ADD_BALANCE = (
    "INSERT INTO merchant_balance (lane, id, negative_limit_minor) VALUES (%(lane)s, %(id)s, %(negative_limit_minor)s)"
)
_ADD_APP = """
    INSERT INTO app (id, merchant_id, name, wire, market, public_keys, notify_url, webhook_secret, allow_loopback, mall)
    VALUES (%(id)s, %(merchant_id)s, %(name)s, %(wire)s, %(market)s, %(public_keys)s, %(notify_url)s, %(webhook_secret)s,
            %(allow_loopback)s, %(mall)s)
"""
_ADD_PROGRAM = """
    INSERT INTO program (name, source, added_on) VALUES (%(name)s, %(source)s, %(on)s)
        ON CONFLICT (name) DO UPDATE SET source = excluded.source, added_on = excluded.added_on
"""
_ADD_ESCROW_TERMS = """
    INSERT INTO escrow_version (from_on, source, added_on) VALUES (%(from_on)s, %(source)s, %(on)s) ON CONFLICT DO NOTHING
"""
_ADD_FEE_PLAN = """
    INSERT INTO fee_plan (name, source, added_on) VALUES (%(name)s, %(source)s, %(on)s)
        ON CONFLICT (name) DO UPDATE SET source = excluded.source, added_on = excluded.added_on
"""
_ASSIGN_FEES = """
    INSERT INTO fee_assignment (merchant_id, from_on, plan) VALUES (%(merchant_id)s, %(from_on)s, %(plan)s)
        ON CONFLICT (merchant_id, from_on) DO UPDATE SET plan = excluded.plan
"""
_SET_OWNER_ENDPOINT = """
    INSERT INTO owner_endpoint (url, secret, allow_loopback) VALUES (%(url)s, %(secret)s, %(allow_loopback)s)
        ON CONFLICT (only_row) DO UPDATE
       SET url = excluded.url, secret = excluded.secret, allow_loopback = excluded.allow_loopback
"""
_REMOVE_OWNER_ENDPOINT = "DELETE FROM owner_endpoint RETURNING url"
_PLACE = """
    UPDATE merchant SET market = coalesce(%(market)s, market), category = coalesce(%(category)s, category) WHERE id = %(id)s
"""
_SET_SETTLEMENT = """
    INSERT INTO settlement_terms (merchant_id, from_on, terms, decided_by, reason)
    VALUES (%(id)s, %(from_on)s, %(terms)s, %(by)s, %(reason)s)
        ON CONFLICT (merchant_id, from_on) DO UPDATE
       SET terms = excluded.terms, decided_by = excluded.decided_by, reason = excluded.reason, decided_at = now()
"""
_SETTLEMENT = "SELECT terms::text FROM settlement_terms WHERE merchant_id = %(id)s ORDER BY from_on LIMIT 1000"
_MOVE_VERSION_ON = MOVE_VERSION + " RETURNING business_on"
_SET_HOLIDAY = """
    INSERT INTO bank_holiday (on_day, is_open, name) VALUES (%(on)s, %(is_open)s, %(name)s)
        ON CONFLICT (on_day) DO UPDATE SET is_open = excluded.is_open, name = excluded.name
"""
_ALLOW_CAMPAIGNS = "UPDATE merchant SET opens_campaigns = %(allowed)s WHERE id = %(id)s"
_SET_ACCOUNT = "UPDATE merchant SET payout_account = %(account)s WHERE id = %(id)s"
# Whoever applied is open only through his application.
_SET_STATE = """
    UPDATE merchant SET state = %(state)s
     WHERE id = %(id)s AND (%(state)s <> 'open' OR NOT EXISTS (SELECT FROM merchant_application a
                                                                WHERE a.merchant_id = merchant.id AND a.state <> 'opened'))
"""
_APP_IDS_TURN = "SELECT pg_advisory_xact_lock(0x666C6F74)"  # any number, as long as it is always the same one
_NEXT_APP_ID = """
    SELECT coalesce(max(id), %(first)s - 1) + 1 FROM app WHERE id BETWEEN %(first)s AND %(last)s
"""
_SET_APP_STATE = "UPDATE app SET state = %(state)s WHERE id = %(id)s"
# The newest first; the same key once.
_ADD_APP_KEY = """
    UPDATE app SET public_keys = (ARRAY[%(key)s] || array_remove(public_keys, %(key)s))[1:%(live)s]
     WHERE id = %(id)s
 RETURNING public_keys
"""
_SET_AES_KEY = "UPDATE app SET aes_key = %(key)s WHERE id = %(id)s"
_PUT_STORE = """
    INSERT INTO store (merchant_id, code, name, name_zh, address)
    VALUES (%(merchant_id)s, %(code)s, %(name)s, %(name_zh)s, %(address)s)
        ON CONFLICT (merchant_id, code) DO UPDATE
       SET name = excluded.name, name_zh = excluded.name_zh, address = excluded.address, state = 'open'
 RETURNING id
"""
_PUT_TERMINAL = """
    INSERT INTO terminal (store_id, app_id, code)
    SELECT s.id, a.id, %(code)s
      FROM store s JOIN app a ON a.id = %(app_id)s AND a.merchant_id = s.merchant_id
     WHERE s.merchant_id = %(merchant_id)s AND s.code = %(store)s
        ON CONFLICT (store_id, code) DO UPDATE SET app_id = excluded.app_id, state = 'open'
 RETURNING id
"""
_CLOSE_STORE = """
    UPDATE store SET state = 'closed' WHERE merchant_id = %(merchant_id)s AND code = %(store)s
"""
_CLOSE_TERMINAL = """
    UPDATE terminal t SET state = 'closed'
      FROM store s
     WHERE s.id = t.store_id AND s.merchant_id = %(merchant_id)s AND s.code = %(store)s AND t.code = %(code)s
"""
_SET_KEY_MODE = "UPDATE app SET public_key_mode = %(on)s WHERE id = %(id)s"
_SET_PROVIDER = "UPDATE app SET provider_id = %(provider_id)s WHERE id = %(id)s"
_PARKED = "SELECT line_id, reason, parked_at FROM parked_line ORDER BY parked_at, line_id LIMIT %(limit)s"
_RELEASE = """
    DELETE FROM parked_line WHERE lane = %(lane)s AND line_id = %(line_id)s
 RETURNING line_id, reason, parked_at
"""
_PARKED_WINDOWS = """
    SELECT w.merchant_id, coalesce(m.name, '') AS name, w.window_on, w.amount_minor, w.reason, w.parked_at
      FROM parked_window w LEFT JOIN merchant m ON m.id = w.merchant_id
  ORDER BY w.parked_at, w.lane, w.merchant_id, w.window_on
     LIMIT %(limit)s
"""
_ADD_AGREEMENT = """
    INSERT INTO agreement (lane, id, app_id, person_id, line_id, limit_minor)
    VALUES (%(lane)s, %(id)s, %(app_id)s, %(person_id)s, %(line_id)s, %(limit_minor)s)
"""
_END_AGREEMENT = (
    "UPDATE agreement SET state = 'ended' WHERE lane = %(lane)s AND id = %(id)s AND person_id = %(person_id)s"
)
_ADD_CODE = """
    INSERT INTO payment_code (code, person_id, line_id, expires_at)
    SELECT %(code)s, %(person_id)s, %(line_id)s, now() + offset_s * interval '1 second' + %(lives)s FROM clock
 RETURNING expires_at
"""


def add_merchant(
    connection: Connection,
    ids: IdBlocks,
    *,
    name: str,
    mdr_ppm: int,
    name_zh: str = "",
    market: str = "",
    category: str = "general",
    mdr_refunded: bool = False,
    negative_limit_minor: int = 0,
    payout_account: str = "",
    refund_order: RefundOrder = "credit_first",
) -> int:
    """A merchant with an empty available balance, in the lane of his name. mdr_ppm: parts per million of each sale.

    refund_order: in which a refund gives the tenders back.
    """
    lane = lane_for(f"merchant/{name}")
    row: dict[str, Any] = {
        "id": ids.take(lane), "lane": lane, "name": name, "name_zh": name_zh, "market": market, "category": category,
        "mdr_ppm": mdr_ppm, "mdr_refunded": mdr_refunded, "negative_limit_minor": negative_limit_minor,
        "payout_account": payout_account, "refund_order": refund_order,
    }  # fmt: skip
    with connection.transaction():
        connection.execute(_ADD_MERCHANT, row)
        connection.execute(_ADD_BALANCE, row)
        connection.execute(MOVE_VERSION)
    return int(row["id"])


def set_owner_endpoint(connection: Connection, *, url: str, secret: bytes, allow_loopback: bool = False) -> None:
    """Where the owner's own systems are told what happens to lines from the next batch on, in place of an earlier address."""
    with connection.transaction():
        connection.execute(_SET_OWNER_ENDPOINT, {"url": url, "secret": secret, "allow_loopback": allow_loopback})
        connection.execute(MOVE_VERSION)


def remove_owner_endpoint(connection: Connection) -> str | None:
    """Nobody listens any more. Returns the address that was; None when there was none."""
    with connection.transaction():
        row = connection.execute(_REMOVE_OWNER_ENDPOINT).fetchone()
        connection.execute(MOVE_VERSION)
    return None if row is None else str(row[0])


def add_app(
    connection: Connection,
    *,
    app_id: int,
    merchant_id: int,
    name: str,
    wire: Literal["alipay", "rest", "wechatpay"],
    market: Literal["direct", "escrow"],
    public_keys: tuple[str, ...] = (),
    notify_url: str = "",
    webhook_secret: bytes | None = None,
    allow_loopback: bool = False,
    mall: bool = False,
) -> None:
    """One integration of a merchant. app_id: the number its wire knows it by. public_keys: of the merchant, base64 SPKI.

    mall: it may ask for every seller of its merchant's market, in one checkout.
    """
    row = {
        "id": app_id, "merchant_id": merchant_id, "name": name, "wire": wire, "market": market,
        "public_keys": list(public_keys), "notify_url": notify_url, "webhook_secret": webhook_secret,
        "allow_loopback": allow_loopback, "mall": mall,
    }  # fmt: skip
    with connection.transaction():
        connection.execute(_ADD_APP, row)
        connection.execute(MOVE_VERSION)


def add_program(connection: Connection, program: Program, source: str, on: date) -> None:
    """Keep a program's file for every process; one of the same name is replaced. source: the file's text, valid."""
    with connection.transaction():
        connection.execute(_ADD_PROGRAM, {"name": program.name, "source": source, "on": on})
        connection.execute(MOVE_VERSION)


def add_escrow_terms(connection: Connection, source: str, from_on: date, on: date) -> bool:
    """Keep the house's own terms of escrow for every process; source: a valid file, from_on: of its first version. False when
    there are some of that day already: what is stated stays.
    """
    with connection.transaction():
        added = connection.execute(_ADD_ESCROW_TERMS, {"source": source, "from_on": from_on, "on": on}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return added


def add_fee_plan(connection: Connection, plan: FeePlan, source: str) -> Refusal | None:
    """Keep a fee plan's file for every process; one of the same name is replaced, if they say the same of days that have begun.

    source: the file's text, valid. The clock's row is locked meanwhile.
    """
    with connection.transaction():
        row = connection.execute(_MOVE_VERSION_ON).fetchone()
        assert row is not None, "the clock has its row since the first migration"
        if refusal := refuse_plan(fee_plans(connection).get(plan.name), plan, today=row[0]):
            return refusal
        connection.execute(_ADD_FEE_PLAN, {"name": plan.name, "source": source, "on": row[0]})
    return None


def assign_fees(connection: Connection, *, merchant_id: int, plan: str, from_on: date) -> None:
    """Charge a merchant by a plan from a day on; `HOUSE`: its shoppers for taking money out. The day's payments that are not
    authorized yet follow at once.
    """
    with connection.transaction():
        connection.execute(_ASSIGN_FEES, {"merchant_id": merchant_id, "plan": plan, "from_on": from_on})
        connection.execute(MOVE_VERSION)


def set_merchant_state(connection: Connection, merchant_id: int, state: Literal["open", "frozen", "closed"]) -> bool:
    """Freeze, reopen or close a merchant for new payments, in every process from its next batch on. False: no such merchant."""
    with connection.transaction():
        changed = connection.execute(_SET_STATE, {"id": merchant_id, "state": state}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def place_merchant(
    connection: Connection, merchant_id: int, *, market: str | None = None, category: str | None = None
) -> bool:
    """Set a merchant's market and kind of goods, for every sale from the next batch on. False: no such merchant."""
    with connection.transaction():
        row = {"id": merchant_id, "market": market, "category": category}
        changed = connection.execute(_PLACE, row).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def set_settlement_terms(
    connection: Connection, merchant_id: int, terms: SettlementTerms, *, by: str, reason: str
) -> Refusal | None:
    """Settle the merchant by these terms from their first day on; a version of the same day is replaced before it begins.

    The clock's row is locked meanwhile: no day and no cut-off begins between the look and the word. Raises ForeignKeyViolation
    where there is no such merchant.
    """
    row = {"id": merchant_id, "from_on": terms.from_on, "terms": _json(terms), "by": by, "reason": reason}
    with connection.transaction():
        today = connection.execute(_MOVE_VERSION_ON).fetchone()
        assert today is not None, "the clock has its row since the first migration"
        known = [
            msgspec.json.decode(text, type=SettlementTerms)
            for (text,) in connection.execute(_SETTLEMENT, {"id": merchant_id})
        ]
        refusal = refuse_terms(terms, on=today[0], in_force=terms_on(known, today[0]))
        if refusal is None:
            connection.execute(_SET_SETTLEMENT, row)
    return refusal


def set_bank_holiday(connection: Connection, on: date, *, is_open: bool, name: str = "") -> None:
    """A day on which banks do not work as its weekday says: a holiday, or a working weekend."""
    connection.execute(_SET_HOLIDAY, {"on": on, "is_open": is_open, "name": name})


def allow_campaigns(connection: Connection, merchant_id: int, *, allowed: bool) -> bool:
    """Whether the merchant may open campaigns that he bears himself. False: no such merchant."""
    return connection.execute(_ALLOW_CAMPAIGNS, {"id": merchant_id, "allowed": allowed}).rowcount == 1


def set_payout_account(connection: Connection, merchant_id: int, account: str) -> bool:
    """Pay the merchant to this account from the next payout on. False: no such merchant."""
    return connection.execute(_SET_ACCOUNT, {"id": merchant_id, "account": account}).rowcount == 1


def take_app_id(connection: Connection) -> int:
    """The next free number of the house's own range. In the transaction that adds the app: others wait for its end."""
    connection.execute(_APP_IDS_TURN)
    row = connection.execute(_NEXT_APP_ID, {"first": FIRST_APP_ID, "last": LAST_APP_ID}).fetchone()
    assert row is not None, "an aggregate gives one row"
    return int(row[0])


def set_app_state(connection: Connection, app_id: int, state: Literal["open", "closed"]) -> bool:
    """Close an app for every call, or open it again. False: no such app."""
    with connection.transaction():
        changed = connection.execute(_SET_APP_STATE, {"id": app_id, "state": state}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def add_app_key(connection: Connection, app_id: int, public_key: str, *, live: int = LIVE_KEYS) -> list[str] | None:
    """Take this key for the app from its next call on. live: how many stay, the newest first. None: no such app.

    public_key: base64 SPKI. Gives the keys that live now.
    """
    with connection.transaction():
        row = connection.execute(_ADD_APP_KEY, {"id": app_id, "key": public_key, "live": live}).fetchone()
        connection.execute(MOVE_VERSION)
    return None if row is None else list(row[0])


def set_aes_key(connection: Connection, app_id: int, key: bytes) -> bool:
    """With what the app's encrypted content opens from its next call on, in place of an earlier key. False: no such app."""
    with connection.transaction():
        changed = connection.execute(_SET_AES_KEY, {"id": app_id, "key": key}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def put_store(
    connection: Connection, merchant_id: int, code: str, *, name: str, name_zh: str = "", address: str = ""
) -> int:
    """A merchant's store by his own number, new, or as it is from now on; a closed one opens again. Gives our number of it."""
    row = {"merchant_id": merchant_id, "code": code, "name": name, "name_zh": name_zh, "address": address}
    with connection.transaction():
        found = connection.execute(_PUT_STORE, row).fetchone()
        connection.execute(MOVE_VERSION)
    assert found is not None, "it is there, or was made"
    return int(found[0])


def put_terminal(connection: Connection, merchant_id: int, store: str, code: str, *, app_id: int) -> int | None:
    """A till of a store, new, or with another app from now on; a closed one opens again. Gives our number of it.

    None: the merchant has no such store, or no such app.
    """
    row = {"merchant_id": merchant_id, "store": store, "code": code, "app_id": app_id}
    with connection.transaction():
        found = connection.execute(_PUT_TERMINAL, row).fetchone()
        connection.execute(MOVE_VERSION)
    return None if found is None else int(found[0])


def close_store(connection: Connection, merchant_id: int, store: str) -> bool:
    """No sale by a code of this store from the next batch on. False: no such store."""
    with connection.transaction():
        changed = connection.execute(_CLOSE_STORE, {"merchant_id": merchant_id, "store": store}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def close_terminal(connection: Connection, merchant_id: int, store: str, code: str) -> bool:
    """No sale by this till's code from the next batch on. False: no such till."""
    row = {"merchant_id": merchant_id, "store": store, "code": code}
    with connection.transaction():
        changed = connection.execute(_CLOSE_TERMINAL, row).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def set_public_key_mode(connection: Connection, app_id: int, on: bool) -> bool:
    """Name our keys to this app by ids of their own from its next call on, or by certificates again. False: no such app."""
    with connection.transaction():
        changed = connection.execute(_SET_KEY_MODE, {"id": app_id, "on": on}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def set_app_provider(connection: Connection, app_id: int, provider_id: int | None) -> bool:
    """Let another app call for this one from its next call on, or nobody any more. False: no such app."""
    with connection.transaction():
        changed = connection.execute(_SET_PROVIDER, {"id": app_id, "provider_id": provider_id}).rowcount == 1
        connection.execute(MOVE_VERSION)
    return changed


def _json(terms: SettlementTerms) -> str:
    return msgspec.json.encode(terms).decode()


class ParkedLine(NamedTuple):
    """A line that the day close leaves alone since it failed. reason: what failed, in the engine's words."""

    line_id: int
    reason: str
    parked_at: datetime


def parked_lines(connection: Connection, *, limit: int = 1_000) -> list[ParkedLine]:
    """Those that wait for somebody to look, the oldest first."""
    with connection.cursor(row_factory=class_row(ParkedLine)) as cursor:
        return cursor.execute(_PARKED, {"limit": limit}).fetchall()


def release_line(connection: Connection, line_id: int) -> ParkedLine | None:
    """Let the next day close try this line again. Gives the mark that is gone; None where there was none."""
    with connection.cursor(row_factory=class_row(ParkedLine)) as cursor:
        return cursor.execute(_RELEASE, {"lane": lane_of(line_id), "line_id": line_id}).fetchone()


class ParkedWindow(NamedTuple):
    """A merchant's day in one lane whose sweep was refused; each close tries it again. reason: in the engine's words."""

    merchant_id: int
    name: str
    window_on: date
    amount_minor: int
    reason: str
    parked_at: datetime


def parked_windows(connection: Connection, *, limit: int = 1_000) -> list[ParkedWindow]:
    """Those that are not swept yet, the oldest first."""
    with connection.cursor(row_factory=class_row(ParkedWindow)) as cursor:
        return cursor.execute(_PARKED_WINDOWS, {"limit": limit}).fetchall()


def add_agreement(
    connection: Connection, ids: IdBlocks, *, app_id: int, person_id: int, line_id: int, limit_minor: int
) -> int:
    """The person's standing consent that the app may charge up to `limit_minor` at a time; it lives in the person's lane."""
    lane = lane_of(person_id)
    row = {
        "lane": lane, "id": ids.take(lane), "app_id": app_id, "person_id": person_id, "line_id": line_id,
        "limit_minor": limit_minor,
    }  # fmt: skip
    connection.execute(_ADD_AGREEMENT, row)
    return row["id"]


def end_agreement(connection: Connection, agreement_id: int, *, person_id: int) -> bool:
    """The person takes the consent back; True when it was hers."""
    parameters = {"lane": lane_of(agreement_id), "id": agreement_id, "person_id": person_id}
    return connection.execute(_END_AGREEMENT, parameters).rowcount == 1


def issue_payment_code(connection: Connection, *, person_id: int, line_id: int) -> tuple[str, datetime]:
    """(code, expires_at): 18 digits that a shopper shows at a till, good for one order and two minutes of business time."""
    code = "28" + "".join(secrets.choice("0123456789") for _ in range(16))
    row = connection.execute(
        _ADD_CODE, {"code": code, "person_id": person_id, "line_id": line_id, "lives": PAYMENT_CODE_LIVES}
    ).fetchone()
    assert row is not None, "the clock was started"
    return code, row[0]

"""Take: what a bank's file says, written down. Each message once; each entry once, in whichever file it stands.

A status report answers orders; an entry of a statement or notification books them, gives them back, or is nobody's yet and is
left to reconciliation. Files may come in any order: an entry counts before its order was accepted, and no status undoes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from psycopg import Connection

from florin.bank.folder import Accounts
from florin.bank.iso20022 import Entry, FileRefused, Statement, StatusReport, message_of, read_statement, read_status
from florin.bank.iso20022 import statement as statements
from florin.bank.iso20022 import status as statuses
from florin.bank.iso20022.xml import BankMessageUnknown, refuse
from florin.engine.receipts import receipts_under
from florin.events.refusals import Refusal
from florin.money.at import At

# A bank that has our file twice says so of the second; the first one's orders stand.
DUPLICATE = "AM05"


class BankFileTakenBefore(Refusal, frozen=True, kw_only=True):
    en = "The message {message_id} was taken before, on {taken_on}, as {file}. Nothing of it was taken again."
    zh = "报文{message_id}已于{taken_on}受理（{file}），未重复受理。"

    message_id: str
    taken_on: date
    file: str


class BankAccountUnknown(Refusal, frozen=True, kw_only=True):
    en = "The account {number} is none of ours. Look into accounts.toml, or ask the bank whose statement this is."
    zh = "账号{number}不是本机构的账户。请检查accounts.toml，或向银行确认该对账单归属。"

    number: str


class BankFileNotOurs(Refusal, frozen=True, kw_only=True):
    en = "The bank speaks of a file {message_id}, which we have not sent. Nothing of it was taken."
    zh = "银行所述文件{message_id}并非由本机构发送，未受理。"

    message_id: str


class BankDayStatedOtherwise(Refusal, frozen=True, kw_only=True):
    """A second statement of a day, under another message id, with another balance."""

    en = "{account} on {stated_on} was stated to close at {said_minor}; this file says {found_minor}. Ask the bank which holds."
    zh = "{account}于{stated_on}的期末余额曾报为{said_minor}，本文件为{found_minor}。请向银行核实。"

    account: str
    stated_on: date
    said_minor: int
    found_minor: int


class Taken(NamedTuple):
    """items: orders answered or entries written down now. booked: days are stated by it."""

    file_id: int
    message: str
    message_id: str
    items: int


class OrderSent(NamedTuple):
    """An order of ours, as an entry may book it."""

    reference: str
    kind: Literal["payment", "debit", "move"]
    account: str
    to_account: str
    amount_minor: int
    state: str

    def leg_minor(self, account: str) -> int | None:
        """What it moves on one of our accounts; None where it does not touch it."""
        if account == self.account:
            return self.amount_minor if self.kind == "debit" else -self.amount_minor
        return self.amount_minor if account == self.to_account else None


class Fitted(NamedTuple):
    """An entry, and the order that it books or (back) gives back; empty: none that we know."""

    entry: Entry
    reference: str
    fits: str
    back: bool = False


def take(connection: Connection[Any], content: bytes, name: str, *, accounts: Accounts, at: At) -> Taken | Refusal:
    """Within the caller's transaction. A file that is refused is listed with its reason, and has no other effect."""
    try:
        with connection.transaction():
            return _take(connection, content, name, accounts, at)
    except FileRefused as refused:
        row = {
            "name": name,
            "note": f"{refused.refusal.name}: {refused.refusal.sentence()}",
            "on": at.on,
            "at": at.instant,
        }
        connection.execute(_LIST_REFUSED, row)
        return refused.refusal


def fit(
    entries: Iterable[Entry], account: str, orders: Mapping[str, OrderSent], known: set[tuple[str, bool]]
) -> list[Fitted]:
    """What each entry of an account is. orders: by end-to-end id. known: (reference, back) of what the account shows already.

    An entry fits an order when its amount is the order's, to the fen, or the same back; once each. One that names an order and
    does not fit it keeps the order's reference, so that the difference can be told.
    """
    fitted = []
    for entry in entries:
        order = orders.get(entry.end_to_end_id)
        leg_minor = None if order is None else order.leg_minor(account)
        if order is None or leg_minor is None:
            fitted.append(Fitted(entry, entry.end_to_end_id or entry.entry_ref, ""))
            continue
        back = entry.amount_minor == -leg_minor
        fits = back or (entry.amount_minor == leg_minor and order.state != "rejected")
        if fits and (order.reference, back) not in known:
            known.add((order.reference, back))
            fitted.append(Fitted(entry, order.reference, order.reference, back))
        else:
            fitted.append(Fitted(entry, order.reference, ""))
    return fitted


def _take(connection: Connection[Any], content: bytes, name: str, accounts: Accounts, at: At) -> Taken:
    message = message_of(content)
    if message == statuses.MESSAGE:
        report = read_status(content)
        file_id = _keep(connection, content, name, at, message=message, message_id=report.message_id)
        items = _take_status(connection, report)
    elif message in statements.MESSAGES.values():
        parts = read_statement(content)
        file_id = _keep(connection, content, name, at, message=message, message_id=parts[0].message_id)
        items = sum(_take_statement(connection, part, accounts, file_id) for part in parts)
    else:
        wanted = " or ".join((statuses.MESSAGE, *statements.MESSAGES.values()))
        refuse(BankMessageUnknown(found=message, wanted=wanted))
    connection.execute("UPDATE bank_file SET items = %(items)s WHERE id = %(id)s", {"id": file_id, "items": items})
    return Taken(
        file_id,
        message,
        message_id=report.message_id if message == statuses.MESSAGE else parts[0].message_id,
        items=items,
    )


def _keep(connection: Connection[Any], content: bytes, name: str, at: At, *, message: str, message_id: str) -> int:
    """The file's row. Raises FileRefused where the message was taken before."""
    row = {
        "message_id": message_id,
        "message": message,
        "name": name,
        "on": at.on,
        "at": at.instant,
        "content": content,
    }
    kept = connection.execute(_KEEP, row).fetchone()
    if kept is None:
        earlier = connection.execute(_EARLIER, row).fetchone()
        assert earlier is not None, "what conflicts is there"
        refuse(BankFileTakenBefore(message_id=message_id, taken_on=earlier[0], file=earlier[1]))
    return int(kept[0])


# ── status reports ────────────────────────────────────────────────────────────────────────────────────────────────


def _take_status(connection: Connection[Any], report: StatusReport) -> int:
    file = connection.execute(_OUR_FILE, {"message_id": report.of_message_id}).fetchone()
    if file is None:
        refuse(BankFileNotOurs(message_id=report.of_message_id))
    if report.status == "RJCT" and report.code == DUPLICATE:
        return 0
    told = {order.end_to_end_id: (_state(order.status), order.code, order.reason) for order in report.orders}
    if not told and report.status is not None:
        state = _state(report.status)
        return connection.execute(
            _ANSWER_FILE, {"file_id": file[0], "state": state, "code": report.code, "reason": report.reason}
        ).rowcount
    columns = {
        "file_id": file[0],
        "ends": list(told),
        "states": [state for state, _, _ in told.values()],
        "codes": [code for _, code, _ in told.values()],
        "reasons": [reason for _, _, reason in told.values()],
    }
    return connection.execute(_ANSWER_ORDERS, columns).rowcount


def _state(status: str) -> str:
    return "rejected" if status == "RJCT" else "accepted"


# ── statements and notifications ──────────────────────────────────────────────────────────────────────────────────


def _take_statement(connection: Connection[Any], statement: Statement, accounts: Accounts, file_id: int) -> int:
    account = accounts.account_of(statement.account)
    if account is None:
        refuse(BankAccountUnknown(number=statement.account))
    if statement.kind == "statement":
        _keep_balances(connection, statement, account, file_id)
    seen = {
        ref
        for (ref,) in connection.execute(_SEEN, {"account": account, "refs": [e.entry_ref for e in statement.entries]})
    }
    fresh = {entry.entry_ref: entry for entry in statement.entries if entry.entry_ref not in seen}
    orders = _orders(connection, [entry.end_to_end_id for entry in fresh.values() if entry.end_to_end_id])
    known = _known(connection, account, orders)
    fitted = fit(fresh.values(), account, orders, known)
    fitted = _announced(connection, account, fitted)
    _book(connection, account, fitted, file_id, {order.reference for order in orders.values()})
    return len(fitted)


def _keep_balances(connection: Connection[Any], statement: Statement, account: str, file_id: int) -> None:
    assert statement.opening is not None
    assert statement.closing is not None
    row = {
        "account": account, "on": statement.on, "opening": statement.opening.amount_minor,
        "closing": statement.closing.amount_minor, "file_id": file_id,
    }  # fmt: skip
    if connection.execute(_KEEP_STATEMENT, row).rowcount == 0:
        said = connection.execute(_STATED, row).fetchone()
        assert said is not None
        if said[0] != row["closing"]:
            refuse(
                BankDayStatedOtherwise(
                    account=account,
                    stated_on=statement.on,
                    said_minor=said[0],
                    found_minor=statement.closing.amount_minor,
                )
            )


def _orders(connection: Connection[Any], ends: Sequence[str]) -> dict[str, OrderSent]:
    rows = connection.execute(_ORDERS, {"ends": list(ends)}).fetchall()
    return {row[0]: OrderSent(*row[1:]) for row in rows}


def _known(connection: Connection[Any], account: str, orders: Mapping[str, OrderSent]) -> set[tuple[str, bool]]:
    by_reference = {order.reference: order for order in orders.values()}
    rows = connection.execute(_FITTED, {"account": account, "references": list(by_reference)}).fetchall()
    return {
        (reference, amount_minor == -(by_reference[reference].leg_minor(account) or 0))
        for reference, amount_minor in rows
    }


def _announced(connection: Connection[Any], account: str, fitted: Sequence[Fitted]) -> list[Fitted]:
    """What the owner's systems have told us of before the bank did."""
    open_ones = [one.reference for one in fitted if not one.fits]
    receipts = receipts_under(connection, open_ones) if open_ones else {}
    announced = []
    for one in fitted:
        receipt = receipts.get(one.reference)
        is_it = receipt is not None and (receipt.account, receipt.amount_minor) == (account, one.entry.amount_minor)
        announced.append(one._replace(fits=one.reference) if not one.fits and is_it else one)
    return announced


def _book(connection: Connection[Any], account: str, fitted: Sequence[Fitted], file_id: int, orders: set[str]) -> None:
    if not fitted:
        return
    columns: dict[str, Any] = {
        "account": account,
        "file_id": file_id,
        "refs": [one.entry.entry_ref for one in fitted],
        "amounts": [one.entry.amount_minor for one in fitted],
        "references": [one.reference for one in fitted],
        "days": [one.entry.booked_on for one in fitted],
        "fits": [one.fits for one in fitted],
        "parties": [one.entry.party for one in fitted],
        "party_accounts": [one.entry.party_account for one in fitted],
        "texts": [one.entry.text for one in fitted],
        "codes": [one.entry.return_code for one in fitted],
    }
    connection.execute(_BOOK, columns)
    booked = [one for one in fitted if one.fits and not one.back and one.fits in orders]
    back = [one for one in fitted if one.fits and one.back]
    for statement, ones in ((_BOOKED, booked), (_BACK, back)):
        if ones:
            connection.execute(
                statement,
                {
                    "references": [one.fits for one in ones],
                    "days": [one.entry.booked_on for one in ones],
                    "refs": [one.entry.entry_ref for one in ones],
                    "codes": [one.entry.return_code or "NARR" for one in ones],
                    "reasons": [
                        one.entry.return_reason or statuses.words_of(one.entry.return_code or "NARR") for one in ones
                    ],
                },
            )


_KEEP = """
    INSERT INTO bank_file (direction, message_id, message, name, state, posted_on, made_at, content)
    VALUES ('in', %(message_id)s, %(message)s, %(name)s, 'taken', %(on)s, %(at)s, %(content)s)
        ON CONFLICT (direction, message_id) WHERE state <> 'refused' DO NOTHING
 RETURNING id
"""
_EARLIER = (
    "SELECT posted_on, name FROM bank_file WHERE direction = 'in' AND message_id = %(message_id)s AND state = 'taken'"
)
_LIST_REFUSED = """
    INSERT INTO bank_file (direction, message_id, message, name, state, posted_on, made_at, note, content)
    VALUES ('in', '', '', %(name)s, 'refused', %(on)s, %(at)s, %(note)s, '')
"""
_OUR_FILE = "SELECT id FROM bank_file WHERE direction = 'out' AND message_id = %(message_id)s"
_ANSWER_FILE = """
    UPDATE bank_order SET state = %(state)s, reason_code = %(code)s, reason = %(reason)s
     WHERE file_id = %(file_id)s AND state IN ('sent', 'accepted')
"""
_ANSWER_ORDERS = """
    UPDATE bank_order o SET state = u.state, reason_code = u.code, reason = u.reason
      FROM unnest(%(ends)s::text[], %(states)s::text[], %(codes)s::text[], %(reasons)s::text[])
           AS u(end_id, state, code, reason)
     WHERE o.end_to_end_id = u.end_id AND o.file_id = %(file_id)s AND o.state IN ('sent', 'accepted')
"""
_KEEP_STATEMENT = """
    INSERT INTO bank_statement (account, stated_on, opening_minor, closing_minor, file_id)
    VALUES (%(account)s, %(on)s, %(opening)s, %(closing)s, %(file_id)s)
        ON CONFLICT DO NOTHING
"""
_STATED = "SELECT closing_minor FROM bank_statement WHERE account = %(account)s AND stated_on = %(on)s"
_SEEN = "SELECT entry_ref FROM bank_line WHERE account = %(account)s AND entry_ref = ANY (%(refs)s) AND entry_ref <> ''"
_ORDERS = """
    SELECT end_to_end_id, reference, kind, account, to_account, amount_minor, state
      FROM bank_order WHERE end_to_end_id = ANY (%(ends)s)
  ORDER BY id
       FOR UPDATE
"""
_FITTED = """
    SELECT fits, amount_minor FROM bank_line WHERE account = %(account)s AND fits = ANY (%(references)s)
       AND reference = ANY (%(references)s)
"""
_BOOK = """
    INSERT INTO bank_line (account, amount_minor, reference, booked_on, entry_ref, fits, party, party_account, text,
                           return_code, file_id)
    SELECT %(account)s, u.amount_minor, u.reference, u.booked_on, u.entry_ref, u.fits, u.party, u.party_account, u.text,
           u.return_code, %(file_id)s
      FROM unnest(%(refs)s::text[], %(amounts)s::bigint[], %(references)s::text[], %(days)s::date[], %(fits)s::text[],
                  %(parties)s::text[], %(party_accounts)s::text[], %(texts)s::text[], %(codes)s::text[])
           AS u(entry_ref, amount_minor, reference, booked_on, fits, party, party_account, text, return_code)
"""
_BOOKED = """
    UPDATE bank_order o SET state = 'booked', booked_on = u.booked_on, bank_reference = u.entry_ref
      FROM unnest(%(references)s::text[], %(days)s::date[], %(refs)s::text[]) AS u(reference, booked_on, entry_ref)
     WHERE o.reference = u.reference AND o.state <> 'rejected'
       AND (o.kind <> 'move' OR 2 = (SELECT count(*) FROM bank_line b        -- when both its accounts show it
                                      WHERE b.account IN (o.account, o.to_account) AND b.reference = o.reference
                                        AND b.fits = o.reference AND sign(b.amount_minor) =
                                            CASE WHEN b.account = o.account THEN -1 ELSE 1 END))
"""
_BACK = """
    UPDATE bank_order o SET returned_on = u.booked_on, reason_code = u.code, reason = u.reason
      FROM unnest(%(references)s::text[], %(days)s::date[], %(codes)s::text[], %(reasons)s::text[])
           AS u(reference, booked_on, code, reason)
     WHERE o.reference = u.reference
"""

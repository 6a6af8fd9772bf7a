"""camt.053 and camt.054: what the bank has booked. The statement of a day with its balances, and notifications between them.

Only booked entries count; pending ones are left out, because they may never come. An entry names our order by its end-to-end
id, or nothing of ours: then somebody sent money, or the bank took a charge.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from florin.bank.iso20022.xml import CURRENCY, BankBalancesDiffer, BankCountDiffers, Node, Writer, read, refuse

Kind = Literal["statement", "notification"]

MESSAGES: dict[Kind, str] = {"statement": "camt.053.001.08", "notification": "camt.054.001.08"}
_ROOTS: dict[Kind, tuple[str, str]] = {
    "statement": ("BkToCstmrStmt", "Stmt"),
    "notification": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
NOT_PROVIDED = "NOTPROVIDED"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: below zero is overdrawn."""

    amount_minor: int
    on: date


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One booking. amount_minor: below zero takes money out, never zero. entry_ref: the bank's own number, one an entry.

    end_to_end_id: empty where the bank names none. party, party_account: the other side. return_code: set where the entry
    gives back an earlier one of the same end-to-end id.
    """

    entry_ref: str
    amount_minor: int
    booked_on: date
    value_on: date
    end_to_end_id: str = ""
    party: str = ""
    party_account: str = ""
    text: str = ""
    return_code: str = ""
    return_reason: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One account's statement or notification; opening and closing are a statement's. on: the day that it closes."""

    kind: Kind
    message_id: str
    made_at: datetime
    account: str
    on: date
    opening: Balance | None = None
    closing: Balance | None = None
    entries: tuple[Entry, ...] = ()


def write_statement(statement: Statement) -> bytes:
    root, part = _ROOTS[statement.kind]
    writer = Writer(MESSAGES[statement.kind])
    writer.open(root).open("GrpHdr")
    writer.put("MsgId", text=statement.message_id)
    writer.put("CreDtTm", text=statement.made_at.isoformat(timespec="seconds")).close()
    writer.open(part).put("Id", text=statement.message_id)
    writer.put("CreDtTm", text=statement.made_at.isoformat(timespec="seconds"))
    writer.open("FrToDt").put("FrDtTm", text=f"{statement.on}T00:00:00").put("ToDtTm", text=f"{statement.on}T23:59:59")
    writer.close()
    writer.open("Acct").put("Id", "Othr", "Id", text=statement.account).put("Ccy", text=CURRENCY).close()
    for code, balance in (("OPBD", statement.opening), ("CLBD", statement.closing)):
        if balance is not None:
            writer.open("Bal").put("Tp", "CdOrPrtry", "Cd", text=code)
            _write_amount(writer, balance.amount_minor)
            writer.put("Dt", "Dt", text=balance.on.isoformat()).close()
    writer.open("TxsSummry", "TtlNtries").put("NbOfNtries", text=str(len(statement.entries))).close(2)
    for entry in statement.entries:
        _write_entry(writer, entry)
    return writer.bytes()


def _write_amount(writer: Writer, amount_minor: int) -> None:
    writer.amount("Amt", minor=abs(amount_minor)).put("CdtDbtInd", text="DBIT" if amount_minor < 0 else "CRDT")


def _write_entry(writer: Writer, entry: Entry) -> None:
    writer.open("Ntry").put("NtryRef", text=entry.entry_ref)
    _write_amount(writer, entry.amount_minor)
    writer.put("Sts", "Cd", text="BOOK")
    writer.put("BookgDt", "Dt", text=entry.booked_on.isoformat()).put("ValDt", "Dt", text=entry.value_on.isoformat())
    writer.put("AcctSvcrRef", text=entry.entry_ref)
    writer.put("BkTxCd", "Prtry", "Cd", text="RETURN" if entry.return_code else "TRANSFER")
    writer.open("NtryDtls", "TxDtls").open("Refs").put("AcctSvcrRef", text=entry.entry_ref)
    writer.put("EndToEndId", text=entry.end_to_end_id or NOT_PROVIDED).close()
    _write_amount(writer, entry.amount_minor)
    if entry.party or entry.party_account:
        them = "Cdtr" if entry.amount_minor < 0 else "Dbtr"
        writer.open("RltdPties")
        if entry.party:
            writer.put(them, "Pty", "Nm", text=entry.party)
        if entry.party_account:
            writer.put(f"{them}Acct", "Id", "Othr", "Id", text=entry.party_account)
        writer.close()
    writer.put_if("RmtInf", "Ustrd", text=entry.text[:140])
    if entry.return_code:
        writer.open("RtrInf").put("Rsn", "Cd", text=entry.return_code)
        writer.put_if("AddtlInf", text=entry.return_reason[:105]).close()
    writer.close(3)


def read_statement(content: bytes) -> tuple[Statement, ...]:
    """Every account's part of the file, at least one. Raises FileRefused, also where a statement's balances and entries do
    not add up.
    """
    root = read(content, *MESSAGES.values())
    kind: Kind = "statement" if root.tag == "BkToCstmrStmt" else "notification"
    root.one(_ROOTS[kind][1])
    return tuple(_statement(root, part, kind) for part in root.all(_ROOTS[kind][1]))


def _statement(root: Node, part: Node, kind: Kind) -> Statement:
    entries = tuple(entry for node in part.all("Ntry") if _is_booked(node) for entry in _entries(node))
    balances = {balance.words("Tp", "CdOrPrtry", "Cd"): balance for balance in part.all("Bal")}
    opening, closing = balances.get("OPBD") or balances.get("PRCD"), balances.get("CLBD")
    if kind == "statement":
        closing = closing or part.one("Bal(CLBD)")
        opening = opening or part.one("Bal(OPBD)")
    made_at = root.instant("GrpHdr", "CreDtTm")
    statement = Statement(
        kind=kind,
        message_id=root.words("GrpHdr", "MsgId"),
        made_at=made_at,
        account=_account(part.one("Acct")),
        on=closing.day("Dt", "Dt") if closing else max((entry.booked_on for entry in entries), default=made_at.date()),
        opening=None if opening is None else Balance(amount_minor=_signed(opening), on=opening.day("Dt", "Dt")),
        closing=None if closing is None else Balance(amount_minor=_signed(closing), on=closing.day("Dt", "Dt")),
        entries=entries,
    )
    _check(part, statement)
    return statement


def _check(part: Node, statement: Statement) -> None:
    summary = part.find("TxsSummry", "TtlNtries")
    found = sum(1 for _ in part.all("Ntry"))
    if summary is not None and summary.find("NbOfNtries") is not None and summary.count("NbOfNtries") != found:
        refuse(BankCountDiffers(said=summary.count("NbOfNtries"), found=found))
    if statement.opening is None or statement.closing is None:
        return
    opening, closing = statement.opening.amount_minor, statement.closing.amount_minor
    booked = sum(entry.amount_minor for entry in statement.entries)
    if statement.kind == "statement" and opening + booked != closing:
        refuse(BankBalancesDiffer(opening_minor=opening, booked_minor=booked, closing_minor=closing))


def _is_booked(node: Node) -> bool:
    return (node.words_if("Sts", "Cd") or node.words_if("Sts")) == "BOOK"


def _entries(node: Node) -> list[Entry]:
    """One booking, or those that it was made of where the bank books a file as one line and lists them."""
    details = list(node.all("NtryDtls", "TxDtls"))
    amount_minor = _signed(node)
    if amount_minor == 0:
        node.one("Amt").is_no("amount above zero")
    if len(details) < 2:
        return [_entry(node, details[0] if details else node, amount_minor, number=0)]
    entries = [
        _entry(node, one, _signed(one if one.find("CdtDbtInd") else node, one), number=number)
        for number, one in enumerate(details, start=1)
    ]
    if sum(entry.amount_minor for entry in entries) != amount_minor:
        node.one("Amt").is_no(f"sum of its {len(details)} details")
    return entries


def _entry(node: Node, detail: Node, amount_minor: int, *, number: int) -> Entry:
    own = node.words_if("AcctSvcrRef") or node.words("NtryRef")
    entry_ref = detail.words_if("Refs", "AcctSvcrRef") or (f"{own}/{number}" if number else own)
    them = "Cdtr" if amount_minor < 0 else "Dbtr"
    end_to_end_id = detail.words_if("Refs", "EndToEndId")
    booked_on = _day(node, "BookgDt")
    returned = detail.find("RtrInf")
    code = (returned.words_if("Rsn", "Cd") or returned.words_if("Rsn", "Prtry") or "NARR") if returned else ""
    return Entry(
        entry_ref=entry_ref if number == 0 or entry_ref != own else f"{own}/{number}",
        amount_minor=amount_minor,
        booked_on=booked_on,
        value_on=_day(node, "ValDt") if node.find("ValDt") is not None else booked_on,
        end_to_end_id="" if end_to_end_id == NOT_PROVIDED else end_to_end_id,
        party=detail.words_if("RltdPties", them, "Pty", "Nm") or detail.words_if("RltdPties", them, "Nm"),
        party_account=_account_if(detail.find("RltdPties", f"{them}Acct")),
        text=" ".join(text.text for text in detail.all("RmtInf", "Ustrd")),
        return_code=code,
        return_reason=" ".join(info.text for info in returned.all("AddtlInf")) if returned else "",
    )


def _signed(node: Node, amount: Node | None = None) -> int:
    indicator = node.one("CdtDbtInd")
    if indicator.text not in ("CRDT", "DBIT"):
        indicator.is_no("CRDT or DBIT")
    amount_minor = (amount or node).amount_minor("Amt")
    return -amount_minor if indicator.text == "DBIT" else amount_minor


def _day(node: Node, tag: str) -> date:
    return node.day(tag, "Dt") if node.find(tag, "Dt") is not None else node.day(tag, "DtTm")


def _account(node: Node) -> str:
    return _account_if(node) or node.words("Id", "Othr", "Id")


def _account_if(node: Node | None) -> str:
    return "" if node is None else node.words_if("Id", "IBAN") or node.words_if("Id", "Othr", "Id")

"""pain.001 and pain.008: what we order. Money sent out of one of our accounts, or debits asked for into one.

One file, one account of ours, one day of execution; each order has an end-to-end id by which the bank's answers and its
statement name it again.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from florin.bank.iso20022.xml import (
    CURRENCY,
    BankCountDiffers,
    BankSumDiffers,
    Node,
    Writer,
    read,
    refuse,
)
from florin.money import yuan_text

Kind = Literal["payments", "debits"]

MESSAGES: dict[Kind, str] = {"payments": "pain.001.001.09", "debits": "pain.008.001.08"}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: above zero. party: whom it goes to, or is taken from; account: his. text: for his statement."""

    end_to_end_id: str
    amount_minor: int
    account: str
    party: str = ""
    text: str = ""


class Initiation(msgspec.Struct, frozen=True, kw_only=True):
    """kind: payments are credit transfers, debits are taken from others. account: ours; bank: its BIC, or its own number."""

    kind: Kind
    message_id: str
    made_at: datetime
    initiator: str
    account: str
    bank: str
    on: date
    orders: tuple[Order, ...]

    @property
    def sum_minor(self) -> int:
        return sum(order.amount_minor for order in self.orders)


def write_initiation(initiation: Initiation) -> bytes:
    """The file. orders: at least one."""
    assert initiation.orders, "a file without an order is no file"
    pays = initiation.kind == "payments"
    count, total = str(len(initiation.orders)), yuan_text(initiation.sum_minor)
    writer = Writer(MESSAGES[initiation.kind])
    writer.open("CstmrCdtTrfInitn" if pays else "CstmrDrctDbtInitn").open("GrpHdr")
    writer.put("MsgId", text=initiation.message_id)
    writer.put("CreDtTm", text=initiation.made_at.isoformat(timespec="seconds"))
    writer.put("NbOfTxs", text=count).put("CtrlSum", text=total)
    writer.put("InitgPty", "Nm", text=initiation.initiator).close()
    writer.open("PmtInf").put("PmtInfId", text=initiation.message_id)
    writer.put("PmtMtd", text="TRF" if pays else "DD")
    writer.put("NbOfTxs", text=count).put("CtrlSum", text=total)
    if pays:
        writer.put("ReqdExctnDt", "Dt", text=initiation.on.isoformat())
    else:
        writer.put("ReqdColltnDt", text=initiation.on.isoformat())
    us = "Dbtr" if pays else "Cdtr"
    writer.put(us, "Nm", text=initiation.initiator)
    writer.open(f"{us}Acct").put("Id", "Othr", "Id", text=initiation.account).put("Ccy", text=CURRENCY).close()
    writer.put(f"{us}Agt", "FinInstnId", "Othr", "Id", text=initiation.bank)
    for order in initiation.orders:
        _write_order(writer, order, pays=pays)
    return writer.bytes()


def _write_order(writer: Writer, order: Order, *, pays: bool) -> None:
    writer.open("CdtTrfTxInf" if pays else "DrctDbtTxInf")
    writer.put("PmtId", "EndToEndId", text=order.end_to_end_id)
    if pays:
        writer.amount("Amt", "InstdAmt", minor=order.amount_minor)
    else:
        writer.amount("InstdAmt", minor=order.amount_minor)
        writer.put("DbtrAgt", "FinInstnId", "Othr", "Id", text="NOTPROVIDED")
    them = "Cdtr" if pays else "Dbtr"
    writer.put(them, "Nm", text=order.party or "NOTPROVIDED")
    writer.put(f"{them}Acct", "Id", "Othr", "Id", text=order.account or "NOTPROVIDED")
    writer.put_if("RmtInf", "Ustrd", text=order.text[:140])
    writer.close()


def read_initiation(content: bytes) -> Initiation:
    """Raises FileRefused, also where the counts and sums that the file states are not those of its orders."""
    root = read(content, *MESSAGES.values())
    kind: Kind = "payments" if root.tag == "CstmrCdtTrfInitn" else "debits"
    us, them = ("Dbtr", "Cdtr") if kind == "payments" else ("Cdtr", "Dbtr")
    part = root.one("PmtInf")
    orders = tuple(
        _order(node, kind, them) for node in part.all("CdtTrfTxInf" if kind == "payments" else "DrctDbtTxInf")
    )
    initiation = Initiation(
        kind=kind,
        message_id=root.words("GrpHdr", "MsgId"),
        made_at=root.instant("GrpHdr", "CreDtTm"),
        initiator=root.words_if("GrpHdr", "InitgPty", "Nm"),
        account=part.words(f"{us}Acct", "Id", "Othr", "Id"),
        bank=part.words_if(f"{us}Agt", "FinInstnId", "Othr", "Id"),
        on=part.day("ReqdExctnDt", "Dt") if kind == "payments" else part.day("ReqdColltnDt"),
        orders=orders,
    )
    for header in (root.one("GrpHdr"), part):
        _check_sums(header, initiation)
    return initiation


def _order(node: Node, kind: Kind, them: str) -> Order:
    return Order(
        end_to_end_id=node.words("PmtId", "EndToEndId"),
        amount_minor=node.amount_minor(*(("Amt", "InstdAmt") if kind == "payments" else ("InstdAmt",))),
        account=node.words_if(f"{them}Acct", "Id", "Othr", "Id"),
        party=node.words_if(them, "Nm"),
        text=node.words_if("RmtInf", "Ustrd"),
    )


def _check_sums(header: Node, initiation: Initiation) -> None:
    said = header.count("NbOfTxs")
    if said != len(initiation.orders):
        refuse(BankCountDiffers(said=said, found=len(initiation.orders)))
    total = header.find("CtrlSum")
    if total is not None and total.as_minor() != initiation.sum_minor:
        refuse(BankSumDiffers(said_minor=total.as_minor(), found_minor=initiation.sum_minor))

"""pain.002: what the bank says of a file of orders: of the whole file, and of each order that it names.

An order that is accepted is a promise, not money: it is paid when the bank's statement or a notification books it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from florin.bank.iso20022.xml import BankCountDiffers, Node, Writer, read, refuse

MESSAGE = "pain.002.001.10"

# ACTC, ACCP, ACWC, ACSP: checked, on its way. ACSC, ACCC: paid, says the bank. PDNG: later. PART: some of a file. RJCT: no.
Status = Literal["ACTC", "ACCP", "ACWC", "ACSP", "ACSC", "ACCC", "PDNG", "PART", "RCVD", "RJCT"]
STATUSES: tuple[str, ...] = ("ACTC", "ACCP", "ACWC", "ACSP", "ACSC", "ACCC", "PDNG", "PART", "RCVD", "RJCT")

# Reason codes of the external code list that a house meets, in plain words.
REASONS: dict[str, tuple[str, str]] = {
    "AC01": ("account number wrong", "账号有误"),
    "AC04": ("account closed", "账户已销户"),
    "AC06": ("account blocked", "账户已冻结"),
    "AG01": ("transaction not allowed on this account", "该账户不支持此类交易"),
    "AM02": ("amount not allowed", "金额超出允许范围"),
    "AM04": ("not enough money on the account", "账户余额不足"),
    "AM05": ("a file or order sent twice", "重复的文件或指令"),
    "BE01": ("name and account do not belong together", "户名与账号不符"),
    "DT01": ("date not possible", "日期无效"),
    "MD01": ("no mandate", "无代扣授权"),
    "MS02": ("refused by the account's owner", "账户持有人拒绝"),
    "MS03": ("refused, the bank gives no reason", "银行拒绝，未说明原因"),
    "NARR": ("see the bank's own words", "见银行说明"),
}


class OrderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """code: of the reason, empty where it is accepted. reason: the bank's own words."""

    end_to_end_id: str
    status: Status
    code: str = ""
    reason: str = ""


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """of_message_id: the file of orders that it is about. status: of the whole file; None where it speaks of orders alone."""

    message_id: str
    made_at: datetime
    of_message_id: str
    of_message: str
    status: Status | None = None
    code: str = ""
    reason: str = ""
    orders: tuple[OrderStatus, ...] = ()


def words_of(code: str, *, language: Literal["en", "zh"] = "en") -> str:
    """A reason code in plain words; a code that is not in our list as it is."""
    words = REASONS.get(code)
    return code if words is None else words[language == "zh"]


def write_status(report: StatusReport) -> bytes:
    writer = Writer(MESSAGE)
    writer.open("CstmrPmtStsRpt").open("GrpHdr")
    writer.put("MsgId", text=report.message_id)
    writer.put("CreDtTm", text=report.made_at.isoformat(timespec="seconds")).close()
    writer.open("OrgnlGrpInfAndSts")
    writer.put("OrgnlMsgId", text=report.of_message_id).put("OrgnlMsgNmId", text=report.of_message)
    if report.orders:
        writer.put("OrgnlNbOfTxs", text=str(len(report.orders)))
    writer.put_if("GrpSts", text=report.status or "")
    _write_reason(writer, report.code, report.reason)
    writer.close()
    if report.orders:
        writer.open("OrgnlPmtInfAndSts").put("OrgnlPmtInfId", text=report.of_message_id)
        for order in report.orders:
            writer.open("TxInfAndSts")
            writer.put("OrgnlEndToEndId", text=order.end_to_end_id).put("TxSts", text=order.status)
            _write_reason(writer, order.code, order.reason)
            writer.close()
    return writer.bytes()


def _write_reason(writer: Writer, code: str, reason: str) -> None:
    if code or reason:
        writer.open("StsRsnInf").put("Rsn", "Cd", text=code or "NARR").put_if("AddtlInf", text=reason[:105]).close()


def read_status(content: bytes) -> StatusReport:
    """Raises FileRefused."""
    root = read(content, MESSAGE)
    about = root.one("OrgnlGrpInfAndSts")
    orders = tuple(_order(node) for node in root.all("OrgnlPmtInfAndSts", "TxInfAndSts"))
    if about.find("OrgnlNbOfTxs") is not None and orders and about.count("OrgnlNbOfTxs") < len(orders):
        refuse(BankCountDiffers(said=about.count("OrgnlNbOfTxs"), found=len(orders)))
    code, reason = _reason(about)
    return StatusReport(
        message_id=root.words("GrpHdr", "MsgId"),
        made_at=root.instant("GrpHdr", "CreDtTm"),
        of_message_id=about.words("OrgnlMsgId"),
        of_message=about.words("OrgnlMsgNmId"),
        status=_status(about, "GrpSts") if about.find("GrpSts") is not None else None,
        code=code,
        reason=reason,
        orders=orders,
    )


def _order(node: Node) -> OrderStatus:
    code, reason = _reason(node)
    return OrderStatus(
        end_to_end_id=node.words("OrgnlEndToEndId"), status=_status(node, "TxSts"), code=code, reason=reason
    )


def _status(node: Node, tag: str) -> Status:
    found = node.one(tag)
    if found.text not in STATUSES:
        found.is_no(f"status of {', '.join(STATUSES)}")
    return found.text  # type: ignore[return-value]


def _reason(node: Node) -> tuple[str, str]:
    """(code, words). A bank's proprietary code stands for itself."""
    found = node.find("StsRsnInf")
    if found is None:
        return "", ""
    code = found.words_if("Rsn", "Cd") or found.words_if("Rsn", "Prtry")
    return code, " ".join(info.text for info in found.all("AddtlInf")) or words_of(code)

"""ISO 20022 files: what is written is read again, in the schema's order; what is wrong is refused by name."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florin.bank.iso20022 import (
    Balance,
    Entry,
    FileRefused,
    Initiation,
    Order,
    OrderStatus,
    Statement,
    StatusReport,
    message_of,
    read_initiation,
    read_statement,
    read_status,
    write_initiation,
    write_statement,
    write_status,
)
from florin.bank.iso20022.status import REASONS

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 5)

ids = st.text(st.sampled_from("abcXYZ0123456789/-+. "), min_size=1, max_size=35).map(str.strip).filter(bool)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30).map(str.strip)
amounts = st.integers(1, 10**13)
days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
orders = st.builds(Order, end_to_end_id=ids, amount_minor=amounts, account=ids, party=words.filter(bool), text=words)
statuses = st.builds(
    OrderStatus,
    end_to_end_id=ids,
    status=st.just("RJCT"),
    code=st.sampled_from(sorted(REASONS)),
    reason=words.filter(bool),
)
entries = st.builds(
    Entry, entry_ref=ids, amount_minor=amounts | amounts.map(int.__neg__), booked_on=days, value_on=days,
    end_to_end_id=st.just("") | ids.filter(lambda i: i != "NOTPROVIDED"), party=words, party_account=st.just("") | ids,
    text=words, return_code=st.sampled_from(["", "AC04", "MS03"]),
)  # fmt: skip


@settings(max_examples=25)
@given(kind=st.sampled_from(["payments", "debits"]), made=st.lists(orders, min_size=1, max_size=5), on=days, who=ids)
def test_orders_that_are_written_are_read_again(kind, made, on, who):
    sent = Initiation(
        kind=kind, message_id=who, made_at=NOON, initiator=who, account=who, bank="BANKCNBJ", on=on, orders=tuple(made)
    )

    assert read_initiation(write_initiation(sent)) == sent


@settings(max_examples=25)
@given(told=st.lists(statuses, max_size=5), of=ids)
def test_a_status_report_that_is_written_is_read_again(told, of):
    report = StatusReport(
        message_id="S1", made_at=NOON, of_message_id=of, of_message="pain.001.001.09", status="PART", orders=tuple(told)
    )

    assert read_status(write_status(report)) == report


@settings(max_examples=25)
@given(booked=st.lists(entries, max_size=5), opening=st.integers(-(10**12), 10**12))
def test_a_statement_that_is_written_is_read_again(booked, opening):
    closing = opening + sum(entry.amount_minor for entry in booked)
    statement = Statement(
        kind="statement", message_id="M1", made_at=NOON, account="6222", on=DAY,
        opening=Balance(amount_minor=opening, on=DAY), closing=Balance(amount_minor=closing, on=DAY), entries=tuple(booked),
    )  # fmt: skip

    (read,) = read_statement(write_statement(statement))

    assert [e.amount_minor for e in read.entries] == [e.amount_minor for e in booked]
    assert read == statement


# Of each message, what may stand in an element and in which order, from its schema (2019 release); mandatory ones with a "!".
SCHEMA = {
    "pain.001.001.09": {
        "CstmrCdtTrfInitn": "GrpHdr! PmtInf! SplmtryData",
        "GrpHdr": "MsgId! CreDtTm! Authstn NbOfTxs! CtrlSum InitgPty! FwdgAgt InitnSrc",
        "PmtInf": "PmtInfId! PmtMtd! ReqdAdvcTp BtchBookg NbOfTxs CtrlSum PmtTpInf ReqdExctnDt! PoolgAdjstmntDt Dbtr! DbtrAcct!"
        " DbtrAgt! DbtrAgtAcct InstrForDbtrAgt UltmtDbtr ChrgBr ChrgsAcct ChrgsAcctAgt CdtTrfTxInf!",
        "CdtTrfTxInf": "PmtId! PmtTpInf Amt! XchgRateInf ChrgBr MndtRltdInf ChqInstr UltmtDbtr IntrmyAgt1 CdtrAgt Cdtr CdtrAcct"
        " UltmtCdtr InstrForCdtrAgt InstrForDbtrAgt Purp RgltryRptg Tax RltdRmtInf RmtInf SplmtryData",
    },
    "pain.008.001.08": {
        "CstmrDrctDbtInitn": "GrpHdr! PmtInf! SplmtryData",
        "GrpHdr": "MsgId! CreDtTm! Authstn NbOfTxs! CtrlSum InitgPty! FwdgAgt",
        "PmtInf": "PmtInfId! PmtMtd! ReqdAdvcTp BtchBookg NbOfTxs CtrlSum PmtTpInf ReqdColltnDt! Cdtr! CdtrAcct! CdtrAgt!"
        " CdtrAgtAcct UltmtCdtr ChrgBr ChrgsAcct ChrgsAcctAgt CdtrSchmeId DrctDbtTxInf!",
        "DrctDbtTxInf": "PmtId! PmtTpInf InstdAmt! ChrgBr DrctDbtTx UltmtCdtr DbtrAgt! DbtrAgtAcct Dbtr! DbtrAcct! UltmtDbtr"
        " InstrForCdtrAgt Purp RgltryRptg Tax RltdRmtInf RmtInf SplmtryData",
    },
    "pain.002.001.10": {
        "CstmrPmtStsRpt": "GrpHdr! OrgnlGrpInfAndSts! OrgnlPmtInfAndSts SplmtryData",
        "GrpHdr": "MsgId! CreDtTm! InitgPty FwdgAgt DbtrAgt CdtrAgt",
        "OrgnlGrpInfAndSts": "OrgnlMsgId! OrgnlMsgNmId! OrgnlCreDtTm OrgnlNbOfTxs OrgnlCtrlSum GrpSts StsRsnInf NbOfTxsPerSts",
        "OrgnlPmtInfAndSts": "OrgnlPmtInfId! OrgnlNbOfTxs OrgnlCtrlSum PmtInfSts StsRsnInf NbOfTxsPerSts TxInfAndSts",
        "TxInfAndSts": "StsId OrgnlInstrId OrgnlEndToEndId OrgnlUETR TxSts StsRsnInf ChrgsInf AccptncDtTm AcctSvcrRef"
        " ClrSysRef OrgnlTxRef SplmtryData",
        "StsRsnInf": "Orgtr Rsn AddtlInf",
    },
    "camt.053.001.08": {
        "BkToCstmrStmt": "GrpHdr! Stmt! SplmtryData",
        "Stmt": "Id! StmtPgntn ElctrncSeqNb RptgSeq LglSeqNb CreDtTm FrToDt CpyDplctInd RptgSrc Acct! RltdAcct Intrst Bal!"
        " TxsSummry Ntry AddtlStmtInf",
        "Bal": "Tp! CdtLine Amt! CdtDbtInd! Dt! Avlbty",
        "Ntry": "NtryRef Amt! CdtDbtInd! RvslInd Sts! BookgDt ValDt AcctSvcrRef Avlbty BkTxCd! ComssnWvrInd AddtlInfInd AmtDtls"
        " Chrgs TechInptChanl Intrst CardTx NtryDtls AddtlNtryInf",
        "TxDtls": "Refs Amt CdtDbtInd AmtDtls Avlbty BkTxCd Chrgs Intrst RltdPties RltdAgts LclInstrm Purp RltdRmtInf RmtInf"
        " RltdDts RltdPric RltdQties FinInstrmId Tax RtrInf CorpActn SfkpgAcct CshDpst CardTx AddtlTxInf SplmtryData",
        "Refs": "MsgId AcctSvcrRef PmtInfId InstrId EndToEndId UETR TxId MndtId ChqNb ClrSysRef AcctOwnrTxId AcctSvcrTxId"
        " MktInfrstrctrTxId PrcgId Prtry",
        "RltdPties": "InitgPty Dbtr DbtrAcct UltmtDbtr Cdtr CdtrAcct UltmtCdtr TradgPty Prtry",
        "RtrInf": "OrgnlBkTxCd Orgtr Rsn AddtlInf",
    },
}  # fmt: skip
SCHEMA["camt.054.001.08"] = SCHEMA["camt.053.001.08"] | {
    "Ntfctn": "Id! NtfctnPgntn ElctrncSeqNb RptgSeq LglSeqNb CreDtTm FrToDt CpyDplctInd RptgSrc Acct! RltdAcct Intrst TxsSummry"
    " Ntry AddtlNtfctnInf",
}


def a_file(kind="payments", **changes):
    order = Order(
        end_to_end_id="payout/1", amount_minor=19_781, account="622202", party="茶馆", text="T+1 5 March 2026"
    )
    made = {
        "kind": kind, "message_id": "FL-1", "made_at": NOON, "initiator": "Florin", "account": "6222", "bank": "ICBK",
        "on": DAY, "orders": (order, Order(end_to_end_id="payout/2", amount_minor=200_00, account="622203")),
    }  # fmt: skip
    return write_initiation(Initiation(**(made | changes)))


def a_statement(kind="statement", **changes):
    returned = Entry(
        entry_ref="B-2", amount_minor=5_00, booked_on=DAY, value_on=DAY, end_to_end_id="payout/1", party="茶馆",
        party_account="622202", return_code="AC04", return_reason="account closed",
    )  # fmt: skip
    made = {
        "kind": kind, "message_id": "C-1", "made_at": NOON, "account": "6222", "on": DAY,
        "opening": Balance(amount_minor=100_00, on=DAY), "closing": Balance(amount_minor=98_00, on=DAY),
        "entries": (Entry(entry_ref="B-1", amount_minor=-7_00, booked_on=DAY, value_on=DAY), returned),
    }  # fmt: skip
    return write_statement(Statement(**(made | changes)))


def a_report():
    return write_status(
        StatusReport(
            message_id="S-1", made_at=NOON, of_message_id="FL-1", of_message="pain.001.001.09", status="PART",
            orders=(OrderStatus(end_to_end_id="payout/1", status="RJCT", code="AC04", reason="account closed"),
                    OrderStatus(end_to_end_id="payout/2", status="ACSP")),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [a_file(), a_file("debits"), a_report(), a_statement(), a_statement("notification", opening=None, closing=None)],
    ids=message_of,
)
def test_every_element_that_is_written_stands_where_the_schema_has_it(content):
    message, root = message_of(content), ElementTree.fromstring(content)

    checked = set()
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        allowed = SCHEMA[message].get(name)
        if allowed is None:
            continue
        order = [each.rstrip("!") for each in allowed.split()]
        children = [child.tag.rpartition("}")[2] for child in element]
        assert [order.index(child) for child in children] == sorted(order.index(child) for child in children), name
        assert {each[:-1] for each in allowed.split() if each.endswith("!")} <= set(children), name
        checked.add(name)
    assert len(checked) >= 4


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>&lol2;</BkToCstmrStmt></Document>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>&e;</BkToCstmrStmt></Document>"""
DEEP = a_statement().replace(b"<Bal>", b"<Bal>" + b"<x>" * 50, 1).replace(b"</Bal>", b"</x>" * 50 + b"</Bal>", 1)


def _statement_with(old: bytes, new: bytes, count: int = -1) -> bytes:
    content = a_statement()
    assert old in content
    return content.replace(old, new, count)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (LAUGHS, "BankFileUnsafe"),
        (OUTSIDE, "BankFileUnsafe"),
        (DEEP, "BankFileUnsafe"),
        (b"", "BankFileNotXml"),
        (b"date;amount\n2026-03-05;12.00", "BankFileNotXml"),
        (a_statement()[:-30], "BankFileNotXml"),
        (_statement_with(b'encoding="UTF-8"', b'encoding="EBCDIC-9"'), "BankFileNotXml"),
        (_statement_with(b"camt.053.001.08", b"camt.053.001.02"), "BankMessageUnknown"),
        (a_report(), "BankMessageUnknown"),
        (b'<Document xmlns="urn:example:other"/>', "BankMessageUnknown"),
        (b"<html><body>Session expired</body></html>", "BankMessageUnknown"),
        (_statement_with(b"7.00", b"8.00"), "BankBalancesDiffer"),
        (_statement_with(b"98.00", b"98.01"), "BankBalancesDiffer"),
        (_statement_with(b"<NbOfNtries>2<", b"<NbOfNtries>3<"), "BankCountDiffers"),
        (_statement_with(b'Ccy="CNY">7.00', b'Ccy="USD">7.00', 1), "BankElementInvalid"),
        (_statement_with(b">7.00<", b">-7.00<", 1), "BankElementInvalid"),
        (_statement_with(b">7.00<", b">7.001<", 1), "BankElementInvalid"),
        (_statement_with(b">7.00<", b">7e2<", 1), "BankElementInvalid"),
        (_statement_with(b">7.00<", b">0.00<", 1), "BankElementInvalid"),
        (_statement_with(b"<CdtDbtInd>DBIT<", b"<CdtDbtInd>OUT<"), "BankElementInvalid"),
        (_statement_with(b"2026-03-05</Dt>", b"2026-02-30</Dt>"), "BankElementInvalid"),
        (_statement_with(b"<MsgId>C-1</MsgId>", b""), "BankElementMissing"),
        (_statement_with(b"C-1", b"C" * 36), "BankElementInvalid"),
        (_statement_with(b"CLBD", b"ITBD"), "BankElementMissing"),
    ],
)
def test_a_bad_statement_is_refused_by_name(content, name):
    with pytest.raises(FileRefused) as refused:
        read_statement(content)

    assert refused.value.refusal.name == name
    assert refused.value.refusal.sentence("zh") != refused.value.refusal.sentence("en")


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b"<CtrlSum>397.81<", b"<CtrlSum>397.80<", "BankSumDiffers"),
        (b"<NbOfTxs>2<", b"<NbOfTxs>1<", "BankCountDiffers"),
        (b"<EndToEndId>payout/2</EndToEndId>", b"<EndToEndId/>", "BankElementInvalid"),
        (b"pain.001.001.09", b"pain.001.001.03", "BankMessageUnknown"),
    ],
)
def test_orders_that_do_not_add_up_are_refused_by_name(old, new, name):
    content = a_file()
    assert old in content

    with pytest.raises(FileRefused) as refused:
        read_initiation(content.replace(old, new))

    assert refused.value.refusal.name == name


def test_one_line_for_a_whole_file_is_read_as_the_orders_that_it_lists():
    content = a_statement().decode()
    detail = content[content.index("<TxDtls>") : content.index("</TxDtls>") + len("</TxDtls>")]
    details = [
        detail.replace("7.00", amount).replace("NOTPROVIDED", number)
        for amount, number in (("3.00", "a"), ("4.00", "b"))
    ]

    (read,) = read_statement(content.replace(detail, "".join(details), 1).encode())

    assert [(e.amount_minor, e.end_to_end_id, e.entry_ref) for e in read.entries[:2]] == [
        (-3_00, "a", "B-1/1"), (-4_00, "b", "B-1/2"),
    ]  # fmt: skip


def test_what_a_bank_adds_in_a_namespace_of_its_own_is_left_out():
    content = _statement_with(b"<Acct>", b'<x:Own xmlns:x="urn:bank"><Deep><MsgId>EVIL</MsgId></Deep></x:Own><Acct>')

    assert read_statement(content) == read_statement(a_statement())

"""Who walks the street: four shoppers whose lines differ, so that the five doors answer each of them otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One shopper. lines: program to limit, in the order in which they were opened. figure: how she is drawn."""

    logon: str
    name: str
    name_zh: str
    about: str
    about_zh: str
    wallet_minor: int
    lines: dict[str, int]

    def named(self, language: str) -> str:
        return self.name_zh if language == "zh" else self.name

    def described(self, language: str) -> str:
        return self.about_zh if language == "zh" else self.about


LIN = Resident(
    logon="lin",
    name="Lin",
    name_zh="小林",
    about="Huabei and a bank card",
    about_zh="有花呗和信用卡",
    wallet_minor=300_00,
    lines={"huabei": 10_000_00, "bank-card": 20_000_00},
)
BO = Resident(
    logon="bo",
    name="Bo",
    name_zh="阿波",
    about="Baitiao and Fenfu",
    about_zh="有白条和分付",
    wallet_minor=200_00,
    lines={"baitiao-order": 6_000_00, "fenfu": 3_000_00},
)
MEI = Resident(
    logon="mei",
    name="Mei",
    name_zh="小美",
    about="all four of them",
    about_zh="四种信用都有",
    wallet_minor=1_000_00,
    lines={"huabei": 8_000_00, "baitiao-order": 5_000_00, "fenfu": 2_000_00, "bank-card": 15_000_00},
)
WANG = Resident(
    logon="wang",
    name="Wang",
    name_zh="老王",
    about="a wallet; Huabei is past due",
    about_zh="有余额，花呗已逾期",
    wallet_minor=500_00,
    lines={"huabei": 2_000_00},
)
RESIDENTS = {resident.logon: resident for resident in (MEI, LIN, BO, WANG)}

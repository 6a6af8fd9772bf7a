"""What is written for a bank, or as a bank, is held against the published schemas of ISO 20022, in an environment of their own.

pain.002.001.10 is left out: no package carries its schema.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from florin.bank.iso20022 import (
    Balance,
    Entry,
    Initiation,
    Order,
    Statement,
    write_initiation,
    write_statement,
)

NOON, DAY = datetime(2026, 3, 5, 12, tzinfo=UTC), date(2026, 3, 5)
ORDERS = (
    Order(
        end_to_end_id="payout-1",
        amount_minor=10_050,
        account="6222020012345678",
        party="茶馆 & <Söhne>",
        text="payout/1",
    ),
    Order(end_to_end_id="move-2", amount_minor=1, account="own", party="B"),
)
ENTRIES = (
    Entry(
        entry_ref="E1", amount_minor=10**13, booked_on=DAY, value_on=DAY, end_to_end_id="payout-1", party="茶馆",
        party_account="6222", text="x" * 200,
    ),
    Entry(entry_ref="E2", amount_minor=-500, booked_on=DAY, value_on=DAY),
    Entry(
        entry_ref="E3", amount_minor=500, booked_on=DAY, value_on=DAY, end_to_end_id="move-2", return_code="AC04",
        return_reason="account closed",
    ),
)  # fmt: skip


@pytest.mark.sdk
def test_what_is_written_is_as_the_published_schemas_say(sdk_python: Callable[[str], Path], tmp_path: Path) -> None:
    opening, closing = Balance(amount_minor=-7, on=DAY), Balance(amount_minor=10**13 - 7, on=DAY)
    common = {"message_id": "M1", "made_at": NOON, "account": "6222"}
    files = [
        *(
            write_initiation(
                Initiation(kind=kind, initiator="Florin", bank="BANKCNBJ", on=DAY, orders=ORDERS, **common)
            )
            for kind in ("payments", "debits")
        ),
        write_statement(
            Statement(kind="statement", on=DAY, opening=opening, closing=closing, entries=ENTRIES, **common)
        ),
        write_statement(Statement(kind="notification", on=DAY, entries=ENTRIES, **common)),
    ]
    names = [tmp_path / f"{number}.xml" for number, _ in enumerate(files)]
    for name, content in zip(names, files, strict=True):
        name.write_bytes(content)

    check = Path(__file__).with_name("schema_check.py")
    done = subprocess.run(
        [sdk_python("iso20022"), check, *names], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.stdout, done.returncode) == ("", 0), done.stdout + done.stderr[-2000:]

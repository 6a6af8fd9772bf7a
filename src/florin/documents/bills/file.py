"""A bill as a file: its name, its bytes, and the hash by which a client checks what it has downloaded."""

from __future__ import annotations

import gzip
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Final, Literal

import msgspec

from florin.engine.clock import ZONE
from florin.money import yuan_text
from florin.queries.bills import Bill, BillLine


class BillFile(msgspec.Struct, frozen=True, kw_only=True):
    """name: without a folder. content_type: as HTTP names it."""

    name: str
    content_type: str
    content: bytes

    @property
    def sha1(self) -> str:
        """Of the bytes as they are, before any packing; 40 hex digits, as the WeChat wire tells it."""
        return sha1(self.content, usedforsecurity=False).hexdigest()


Form = Literal["csv", "json", "alipay", "wechat-trades", "wechat-flow"]


def packed(file: BillFile) -> BillFile:
    """The file as gzip; the same bytes for the same file."""
    content = gzip.compress(file.content, compresslevel=6, mtime=0)
    return BillFile(name=f"{file.name}.gz", content_type="application/gzip", content=content)


def days_of(bill: Bill) -> str:
    """Of a file's name: `20260302`, or `202603` where the bill is of a whole month or of several days of one."""
    only_day = (bill.before_on - bill.from_on).days == 1
    return f"{bill.from_on:%Y%m%d}" if only_day else f"{bill.from_on:%Y%m}"


def local_time(line: BillLine) -> str:
    """`2026-03-02 17:05:00` in the platform's zone."""
    return _local_time(line.at)


def asked_time(line: BillLine) -> str:
    """When the trade was asked for; empty where there is none."""
    return "" if line.asked_at is None else _local_time(line.asked_at)


# Events of one batch have one instant, and each line is in several files.
@lru_cache(maxsize=4096)
def _local_time(instant: datetime) -> str:
    return instant.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=4096)
def zoned_time(instant: datetime) -> str:
    """`2026-03-02T17:05:00+08:00`."""
    return instant.astimezone(ZONE).isoformat(timespec="seconds")


def yuan(minor: int) -> str:
    """As `yuan_text`, for files of many lines: most amounts in them are zero, and most others above it."""
    if minor > 0:
        return f"{minor // 100}.{minor % 100:02d}"
    return yuan_text(minor) if minor else "0.00"


def cell(text: str) -> str:
    """A text in a file whose readers split at commas: what would end a cell or a line is a space."""
    return text.translate(_NO_CELL) if not text.isalnum() else text


_NO_CELL: Final = str.maketrans({",": "，", "`": " ", "\t": " ", "\r": " ", "\n": " ", '"': " "})

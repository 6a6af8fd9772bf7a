"""A street for tests: `florin demo` as a process of its own, and people who walk it with a browser's manners or without one."""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import psycopg

from florin.sandbox.provision import PIN
from florin.store import DataFolder
from florin.store.session import addresses_in

START_TIMEOUT_S = 240
TOLD_TIMEOUT_S = 20.0


@dataclass
class RunningStreet:
    """values: what `florin demo --json` said: the addresses, the keys, and STREET_URL."""

    process: subprocess.Popen[str]
    values: dict[str, str]

    @property
    def url(self) -> str:
        return self.values["STREET_URL"]

    @property
    def engine_dsn(self) -> str:
        return addresses_in(DataFolder(Path(self.values["SANDBOX_FOLDER"]))).engine

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.engine_dsn, autocommit=True)

    def booked(self, number: str) -> dict[str, int]:
        """What an order has moved on each account that is no memo, on the account's own side; summed here, by nobody else."""
        with self.connect() as connection:
            return dict(connection.execute(_BOOKED, {"number": number}).fetchall())


_BOOKED = """
    SELECT l.name, sum(l.signed_minor)::bigint
      FROM posting_line l
           JOIN event e ON e.lane = l.lane AND e.id = l.event_id
           JOIN trade t ON t.payment_id = e.payment_id
     WHERE t.out_trade_no = %(number)s AND NOT l.memo
  GROUP BY l.name
    HAVING sum(l.signed_minor) <> 0
"""


_LINE = """
    SELECT l.id FROM line l JOIN person p ON p.lane = l.lane AND p.id = l.person_id
     WHERE p.logon = %(logon)s AND l.program = %(program)s
"""


@contextmanager
def running_street() -> Iterator[RunningStreet]:
    """Serves while it is entered."""
    process = subprocess.Popen(
        [sys.executable, "-m", "florin", "demo", "--json"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
        assert ready, "the street did not open in time"
        line = process.stdout.readline()
        assert line, f"the demo ended with {process.wait()}"
        yield RunningStreet(process=process, values=json.loads(line))
    finally:
        process.terminate()
        process.wait(timeout=60)


@dataclass
class Purchase:
    """One purchase as the page shows it. done: the steps that it has taken. shares: party to minor units."""

    number: str
    text: str
    done: list[str]
    shares: dict[str, int]
    total: str


class Walker:
    """A shopper without JavaScript: follows links, fills forms, reads."""

    def __init__(self, street: RunningStreet, logon: str, *, language: str = "en") -> None:
        self.street = street
        self.logon = logon
        self.http = httpx.Client(
            follow_redirects=True, trust_env=False, timeout=30.0, headers={"Accept-Language": language}
        )

    def __enter__(self) -> Walker:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def page(self) -> str:
        return self.http.get(self.street.url, params={"as": self.logon}).raise_for_status().text

    def press(self, what: str, **fields: str) -> httpx.Response:
        return self.http.post(f"{self.street.url}/{what}", data={"as": self.logon, **fields})

    def lamps(self, market: str) -> dict[str, tuple[str, str]]:
        """(look, sentence) of each lamp of a door, by kind."""
        door = _between(self.page(), f'<article class="door door-{market}"', "</article>")
        looks = re.findall(r'class="lamp lamp-(\w+)">.*?value="(\w+)"', door)
        whys = re.findall(r'<p class="why why-\w+">(.*?)</p>', door)
        return {kind: (look, unescape(why)) for (look, kind), why in zip(looks, whys, strict=True)}

    def pay(self, at_cashier: httpx.Response, program: str, *, count: int = 0) -> httpx.Response:
        """Fill in the cashier's form. program: of the line that pays, empty for the wallet; count: of installments."""
        form = at_cashier.text
        ways = re.findall(r'name="way" value="([^"]+)"', form)
        wanted = (f"credit.{self.line(program)}-{count}", f"credit-{count}") if program else ("wallet-0",)
        chosen = next((way for way in ways if way in wanted), None)
        assert chosen is not None, f"{wanted} is not among {ways}"
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return self.http.post(
            at_cashier.url, data={**hidden, "way": chosen, "pin": PIN}, headers={"Referer": str(at_cashier.url)}
        )

    def line(self, program: str) -> int:
        """The number of the shopper's line under a program."""
        with self.street.connect() as connection:
            row = connection.execute(_LINE, {"logon": self.logon, "program": program}).fetchone()
        assert row is not None, f"{self.logon} has no {program}"
        return int(row[0])

    def told(self, number: str) -> Purchase:
        """The purchase, once the shop was told of it."""
        deadline = time.monotonic() + TOLD_TIMEOUT_S
        while time.monotonic() < deadline:
            found = next((each for each in self.purchases() if each.number == number), None)
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError(f"the shop was not told of {number}")

    def purchases(self) -> list[Purchase]:
        page = _between(self.page(), 'id="purchases"', '<aside class="gains"')
        return [_purchase(part) for part in page.split('<article class="purchase" id="order-')[1:]]


def _purchase(html: str) -> Purchase:
    shares = re.findall(r'class="swatch party-(\w+)".*?<strong class="share-amount">(.*?)</strong>', html, re.DOTALL)
    totals = re.findall(r'share-sum">.*?<strong class="share-amount">(.*?)</strong>', html, re.DOTALL)
    return Purchase(
        number=html.split('"')[0],
        text=" ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split()),
        done=[unescape(step) for step in re.findall(r'<li class="step step-done">(.*?)</li>', html)],
        shares={party: minor_of(amount) for party, amount in shares},
        total=totals[0] if totals else "",
    )


def minor_of(amount: str) -> int:
    """+¥5,514.00 is 551400; −¥1.00 is -100."""
    digits = int(re.sub(r"[^0-9]", "", amount))
    return -digits if amount.startswith("−") else digits


def number_of(page: str) -> str:
    """The shop's number of the order that the cashier shows."""
    return re.findall(r"[A-Z]+-[0-9]{4}", page)[0]


def _between(text: str, begin: str, end: str) -> str:
    start = text.index(begin)
    return text[start : text.index(end, start)]

"""`florin bench wires`: payments a second through each wire, against the signatures that it must make for them.

A payment through a shop's wire is one at a till: the shop sends a shopper's code, is answered that it is paid, and the answer
is signed. The signatures set the limit: how many of them this machine makes a second, on the same cores, in the same run, with
nothing else to do. With notify on each payment makes two.
"""

from __future__ import annotations

import secrets
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from florin.app.listening import Address
from florin.app.serve import children_of, reserved
from florin.app.supervisor import Supervisor
from florin.app.wechatpay import serial_no
from florin.bench import machine
from florin.bench.house import House, Say, open_house
from florin.bench.http_load import HttpTask
from florin.bench.listener import Heard, ListenerTask
from florin.bench.load import Load, Sample, percentile
from florin.bench.scale import WireScale
from florin.bench.settle import SettleReport
from florin.bench.settle import measure as measure_settlement
from florin.bench.sign_load import SignTask
from florin.bench.told import Told, measure_told, wait_until_told
from florin.bench.wire_load import Till, Wire, WireTask
from florin.engine import clock
from florin.engine.admin import add_app, set_aes_key
from florin.engine.proof import prove
from florin.wires.keys import ensure_platform_key, load_master_key
from florin.wires.keys.forms import new_private_key, private_key_base64, public_key_base64
from florin.wires.wechatpay.names import appid_of
from florin.wires.wechatpay.sealing import new_apiv3_key

_ALIPAY_APP, _WECHAT_APP = 2021_0001_0000_0009, 1900_0009
_CORES = 2
_ANYWHERE = Address("127.0.0.1", 0)
# Of the big merchant, who makes half of all sales in the other benchmark.
_BIG = 1


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one wire, medians over the rounds. rate: payments a second. share_of_limit: of the signatures' rate; a wire that signs
    nothing has none. runs: each round's rate.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    runs: tuple[float, ...]
    share_of_limit: float | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """limit: signatures a second. with_notify: by wire, each payment told. notify_p99_ms: from the payment's own moment to the
    shop's `success`. told: by rate, then by wire and of webhooks, beside nothing but the sales. settle_100k_s: of so many
    trades as `settled` says, 100,000 unless quick: paid out, with all their files.
    """

    machine: dict[str, object]
    load_average: dict[str, list[float]]
    limit: Figures
    alipay: Figures
    wechatpay: Figures
    rest: Figures
    with_notify: dict[str, Figures]
    notified: int
    notify_p50_ms: float
    notify_p99_ms: float
    told: dict[str, dict[str, Told]]
    settled: int
    settle_100k_s: float
    holds: bool


def measure(scale: WireScale, *, parent: Path | None = None, say: Say = lambda text: None) -> Report:
    """Everything, on a house of its own. Raises LoadFailed when a payment was refused or a process died."""
    before = machine.load_average()
    with (
        open_house(scale.house, parent, say) as house,
        psycopg.connect(house.store.addresses.engine, autocommit=True) as connection,
    ):
        described = machine.describe(connection, house.store.folder.path)
        bench = _Bench(house, connection, scale, say)
        with _serving(house) as api_at:
            for number in range(scale.rounds):
                bench.round(number, api_at)
            notified = _notified_ms(connection)
            bench.tell()
        say("proving the books")
        with psycopg.connect(house.store.addresses.engine) as proving:
            holds = prove(proving).holds
    settled = measure_settlement(scale.settled, parent=parent, say=say)
    return bench.report(described, before, notified, settled, holds and settled.holds)


class _Bench:
    """The rounds, and what they came to."""

    def __init__(self, house: House, connection: psycopg.Connection[Any], scale: WireScale, say: Say) -> None:
        self._house, self._connection, self._scale, self._say = house, connection, scale, say
        self._tills = _open_tills(connection, house)
        self._runs: dict[str, list[tuple[float, list[int]]]] = {}
        self._heard = 0
        self._told: dict[str, dict[str, Told]] = {}

    def round(self, number: int, api_at: Address) -> None:
        self._take("limit", self._sign())
        for wire, till in self._tills.items():
            self._take(wire, self._sell(till, api_at, f"{wire[0]}{number}off"))
        self._take("rest", self._rest(api_at, number))
        for wire, till in self._tills.items():
            with reserved(_ANYWHERE) as at:
                task = ListenerTask(host=at.host, port=at.port)
            with Load("florin.bench.listener", task) as listener:
                listener.wait_until_ready()
                listener.start()
                url = f"http://{task.host}:{task.port}/notify"
                self._take(f"{wire}, told", self._sell(till, api_at, f"{wire[0]}{number}on", notify_url=url))
                wait_until_told(self._connection)
                listener.stop()
                self._heard += listener.answer(Heard).notifies

    def tell(self) -> None:
        """Sales through the engine at steady rates, each told."""
        apps: dict[str, int] = {wire: int(till.app_id) for wire, till in self._tills.items()}
        merchant_id = self._house.population.merchants[_BIG]
        for rate in self._scale.told_per_s:
            self._told[str(rate)] = measure_told(
                self._house,
                self._connection,
                apps=apps,
                merchant_id=merchant_id,
                rate=rate,
                seconds=self._scale.told_seconds,
            )
            p99s = ", ".join(f"{name} {told.p99_ms:,.0f} ms" for name, told in self._told[str(rate)].items())
            self._say(f"{rate:,} a second told: p99 {p99s}")

    def report(
        self,
        described: dict[str, object],
        before: list[float],
        notified: Sequence[float],
        settled: SettleReport,
        holds: bool,
    ) -> Report:
        limit = self._figures("limit")
        shares = {}
        for name, signatures in (("alipay", 1), ("wechatpay", 1), ("alipay, told", 2), ("wechatpay, told", 2)):
            figures = self._figures(name)
            share = figures.rate * signatures / limit.rate
            shares[name] = msgspec.structs.replace(figures, share_of_limit=share)
        return Report(
            machine=described,
            load_average={"before": before, "after": machine.load_average()},
            limit=limit,
            alipay=shares["alipay"],
            wechatpay=shares["wechatpay"],
            rest=self._figures("rest"),
            with_notify={wire: shares[f"{wire}, told"] for wire in self._tills},
            notified=self._heard,
            notify_p50_ms=notified[0],
            notify_p99_ms=notified[1],
            told=self._told,
            settled=settled.trades,
            settle_100k_s=settled.seconds["all"],
            holds=holds,
        )

    def _take(self, name: str, samples: Sequence[Sample]) -> None:
        seconds = max(sample.ended_s for sample in samples) - min(sample.began_s for sample in samples)
        rate = sum(sample.payments for sample in samples) / seconds
        self._runs.setdefault(name, []).append((rate, [us for sample in samples for us in sample.latencies_us]))
        self._say(f"{name}: {rate:,.0f} a second")

    def _figures(self, name: str) -> Figures:
        runs = self._runs[name]
        latencies = sorted(us for _, each in runs for us in each) or [0]
        return Figures(
            rate=statistics.median(rate for rate, _ in runs),
            p50_ms=percentile(latencies, 0.5) / 1_000,
            p99_ms=percentile(latencies, 0.99) / 1_000,
            runs=tuple(rate for rate, _ in runs),
        )

    def _sign(self) -> list[Sample]:
        """One process a core, all at once."""
        with ExitStack() as stack:
            task = SignTask(seconds=self._scale.sign_seconds)
            loads = [stack.enter_context(Load("florin.bench.sign_load", task)) for _ in range(_CORES)]
            return _run(loads)

    def _sell(self, till: Till, api_at: Address, run: str, *, notify_url: str = "") -> list[Sample]:
        count = int(self._scale.seconds * self._scale.requests_per_s_max) + 16 * self._scale.sockets
        codes_file = self._house.store.folder.path / f"codes-{run}"
        codes_file.write_text("\n".join(_issue_codes(self._connection, self._house, count)))
        task = WireTask(
            till=till,
            codes_file=str(codes_file),
            host=api_at.host,
            port=api_at.port,
            sockets=self._scale.sockets,
            seconds=self._scale.seconds,
            notify_url=notify_url,
            run=run,
        )
        with Load("florin.bench.wire_load", task) as load:
            return _run([load])

    def _rest(self, api_at: Address, number: int) -> list[Sample]:
        task = HttpTask(
            population_file=str(self._house.population_file),
            host=api_at.host,
            port=api_at.port,
            sockets=self._scale.sockets,
            seconds=self._scale.seconds,
            requests_max=int(self._scale.seconds * 2 * self._scale.requests_per_s_max) + 16 * self._scale.sockets,
            seed=number,
        )
        with Load("florin.bench.http_load", task) as load:
            return _run([load])


def _run(loads: Sequence[Load]) -> list[Sample]:
    for load in loads:
        load.wait_until_ready()
    for load in loads:
        load.start()
    return [load.sample() for load in loads]


@contextmanager
def _serving(house: House) -> Iterator[Address]:
    """The API and the worker, as `florin serve` runs them."""
    with reserved(_ANYWHERE) as api_at, reserved(_ANYWHERE) as pages_at:
        children = children_of(house.store, api_at=[api_at], pages_at=pages_at)
        with Supervisor([child for child in children if child.name != "pages"]):
            yield api_at


def _open_tills(connection: psycopg.Connection[Any], house: House) -> dict[Wire, Till]:
    """An app of the big merchant on each wire, whose key the load holds."""
    master = load_master_key(house.store.folder.master_key)
    tills: dict[Wire, Till] = {}
    wires: tuple[tuple[Wire, int], ...] = (("alipay", _ALIPAY_APP), ("wechatpay", _WECHAT_APP))
    for wire, app_id in wires:
        key = new_private_key()
        public_key = public_key_base64(key.public_key())
        add_app(
            connection,
            app_id=app_id,
            merchant_id=house.population.merchants[_BIG],
            name=f"Till on {wire}",
            wire=wire,
            market="direct",
            public_keys=(public_key,),
            allow_loopback=True,
        )
        of_wechat = wire == "wechatpay"
        if of_wechat:
            set_aes_key(connection, app_id, new_apiv3_key().encode())
        ensure_platform_key(connection, wire, app_id if of_wechat else None, master=master)
        tills[wire] = Till(
            wire=wire,
            app_id=str(app_id),
            private_key=private_key_base64(key),
            appid=appid_of(app_id) if of_wechat else "",
            serial_no=serial_no(public_key) if of_wechat else "",
        )
    return tills


def _issue_codes(connection: psycopg.Connection[Any], house: House, count: int) -> list[str]:
    """Payment codes of shoppers drawn uniformly, good for an hour: made beforehand, so that asking for them is no load."""
    expires_at = clock.read(connection).instant + timedelta(hours=1)
    draw = secrets.SystemRandom()
    codes = []
    with connection.cursor().copy("COPY payment_code (code, person_id, line_id, expires_at) FROM STDIN") as copy:
        for _ in range(count):
            shopper, code = draw.choice(house.population.shoppers), f"28{draw.randrange(10**16):016d}"
            copy.write_row((code, shopper.person_id, shopper.line_id, expires_at))
            codes.append(code)
    connection.execute("ANALYZE payment_code")
    return codes


_TOLD = """
    SELECT percentile_disc(ARRAY[0.5, 0.99])
           WITHIN GROUP (ORDER BY extract(epoch FROM o.delivered_at - e.recorded_at) * 1000)::float8[]
      FROM outbox o JOIN event e ON e.lane = o.lane AND e.id = o.event_id
     WHERE o.state = 'delivered'
"""


def _notified_ms(connection: psycopg.Connection[Any]) -> tuple[float, float]:
    """(median, p99) from the payment's own moment to the shop's success."""
    row = connection.execute(_TOLD).fetchone()
    assert row is not None
    assert row[0] is not None, "something was told"
    return float(row[0][0]), float(row[0][1])

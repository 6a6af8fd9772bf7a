"""A process that sells as fast as it can and says so: `try KEY AMOUNT`, and `done KEY` once the engine has answered.

argv: the address, a name, and the shoppers as JSON. It goes on until it is killed.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading

from florin.engine import ClaimKind, Engine, Submission, claim, lane_for, lane_of
from florin.payments.charge import Charge
from florin.payments.trade import Flow

APP, MERCHANT = 2, 1


def charge(engine: Engine, key: str, amount_minor: int, person_id: int, line_id: int) -> Submission:
    """A mixed sale under a key; made anew, with other ids, it is the same order."""
    credit_minor = amount_minor // 2
    command = Charge(
        trade_id=engine.new_id(lane_for(f"{APP}/{key}")),
        payment_id=engine.new_id(lane_of(person_id)),
        app_id=APP,
        merchant_id=MERCHANT,
        out_trade_no=key,
        amount_minor=amount_minor,
        subject=key,
        flow=Flow.DIRECT,
        person_id=person_id,
        line_id=line_id,
        credit_minor=credit_minor,
        wallet_minor=amount_minor - credit_minor,
    )
    return Submission(command=command, claims=(claim(ClaimKind.REQUEST, APP, key, amount_minor),))


def say(text: str) -> None:
    """One write of a short line is whole, or is not there at all."""
    os.write(1, f"{text}\n".encode())


def sell(engine: Engine, name: str, shopper: dict[str, int]) -> None:
    for number in itertools.count():
        key, amount_minor = f"{name}/{shopper['person_id']}/{number}", 2 + number % 7
        say(f"try {key} {amount_minor} {shopper['person_id']} {shopper['line_id']}")
        outcome = engine.execute([charge(engine, key, amount_minor, **shopper)])[0]
        if outcome.event is not None:
            say(f"done {key}")


if __name__ == "__main__":
    dsn, name, shoppers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    with Engine(dsn, connections=2) as engine:
        say("ready")
        threads = [threading.Thread(target=sell, args=(engine, name, shopper)) for shopper in shoppers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

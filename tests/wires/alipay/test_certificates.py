"""Certificate mode and encrypted content: certificates, their numbers, what is answered, what is told of mistakes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from florin.engine import admin
from florin.wires.alipay.certificates import ROOT_WIRE, Authority, pem_of, root_file, root_numbers
from florin.wires.alipay.encryption import Sealed, seal, unseal
from florin.wires.keys import ensure_platform_key, load_master_key, rotate_platform_key
from florin.wires.keys import forms as keys
from wires.alipay.house import ESCROW_SHOP, House, Shop

AES_KEY = b"0123456789abcdef"
TEA = {"out_trade_no": "tea-1", "total_amount": "199.00", "subject": "雨前龙井 {tea}"}


@pytest.fixture(scope="module")
def authority(platform_key: rsa.RSAPrivateKey) -> Authority:
    return Authority(platform_key, datetime(2026, 3, 2, 9, 30, 0, 500, tzinfo=UTC))


@pytest.fixture(scope="module")
def certified(open_house: House) -> House:
    """The house with a root, and an AES key for its escrow app."""
    ensure_platform_key(
        open_house.world.connection, ROOT_WIRE, master=load_master_key(open_house.folder / "master.key")
    )
    admin.set_aes_key(open_house.world.connection, ESCROW_SHOP, AES_KEY)
    open_house.world.connection.commit()
    return open_house


def number_by_hand(certificate: x509.Certificate) -> str:
    """As SDKs make it: the issuer from the common name up, and the serial in decimal."""
    parts = {each.rfc4514_attribute_name: str(each.value) for each in certificate.issuer}
    text = f"CN={parts['CN']},OU={parts['OU']},O={parts['O']},C={parts['C']}{certificate.serial_number}"
    return hashlib.md5(text.encode()).hexdigest()


def in_certificate_mode(house: House, **changed: str | None) -> dict[str, Any]:
    roots = house.apps.authorities()
    numbers = {
        "app_cert_sn": roots[0].number_of(house.key.public_key()),
        "alipay_root_cert_sn": root_numbers(roots),
    }
    shop = Shop(house)
    return dict(shop.send(shop.request("alipay.trade.query", {"out_trade_no": "never"}, **(numbers | changed))))


# ── the certificates ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_certificate_is_the_same_every_time_and_its_chain_and_number_hold(authority, shop_key):
    certificate = authority.certificate_of(shop_key.public_key(), organization="茶馆", name="2026030200000001")
    again = authority.certificate_of(shop_key.public_key(), organization="茶馆", name="2026030200000001")

    certificate.verify_directly_issued_by(authority.certificate)
    authority.certificate.verify_directly_issued_by(authority.certificate)
    assert pem_of(certificate) == pem_of(again)
    assert number_by_hand(certificate) == authority.number_of(shop_key.public_key())
    assert number_by_hand(authority.certificate) == authority.number
    assert certificate.not_valid_before_utc < datetime(2026, 3, 2, tzinfo=UTC)


def test_the_root_file_splits_at_blank_lines_into_its_roots(authority, shop_key):
    both = [authority, Authority(shop_key, datetime(2026, 1, 1, tzinfo=UTC))]

    parts = [x509.load_pem_x509_certificate(part.encode()) for part in root_file(both).split("\n\n")]

    assert [number_by_hand(part) for part in parts] == root_numbers(both).split("_")


# ── requests and answers ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_names_our_certificate_last_and_a_shop_without_one_reads_none(certified: House):
    root = certified.apps.authorities()[0]
    shop = Shop(certified)
    numbers = {"app_cert_sn": root.number_of(certified.key.public_key()), "alipay_root_cert_sn": root.number}

    named = asyncio.run(
        certified.gateway.answer(shop.request("alipay.trade.query", {"out_trade_no": "never"}, **numbers))
    ).body
    plain = asyncio.run(certified.gateway.answer(shop.request("alipay.trade.query", {"out_trade_no": "never"}))).body

    assert named.endswith(f',"alipay_cert_sn":"{root.number_of(certified.platform_key)}"}}'.encode())
    assert b"alipay_cert_sn" not in plain


def test_our_certificate_is_fetched_by_its_number_and_verifies_under_the_root(certified: House):
    root = certified.apps.authorities()[0]
    shop = Shop(certified)

    answer = shop.call("alipay.open.app.alipaycert.download", alipay_cert_sn=root.number_of(certified.platform_key))
    unknown = shop.call("alipay.open.app.alipaycert.download", alipay_cert_sn="0" * 32)

    certificate = x509.load_pem_x509_certificate(base64.b64decode(answer["alipay_cert_content"]))
    certificate.verify_directly_issued_by(root.certificate)
    assert certificate.public_key() == certified.platform_key
    assert unknown["sub_code"] == "ACQ.INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("changed", "sub_code"),
    [
        ({"app_cert_sn": None}, "isv.missing-app-cert-sn"),
        ({"alipay_root_cert_sn": None}, "isv.missing-alipay-root-cert-sn"),
        ({"app_cert_sn": "0" * 32}, "isv.app-cert-not-exist"),
        ({"alipay_root_cert_sn": "0" * 32}, "isv.invalid-alipay-root-cert-sn"),
    ],
)
def test_a_number_that_is_missing_or_nobodys_is_named(certified: House, changed, sub_code):
    assert in_certificate_mode(certified, **changed)["sub_code"] == sub_code


def test_a_number_made_wrongly_is_told_how(certified: House):
    root = certified.apps.authorities()[0]
    serial = root.certificate_of(certified.key.public_key(), organization="x", name="y").serial_number
    name = "CN=Florin Root,OU=Certification Authority,O=Florin,C=CN"

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    told = {
        wrong: in_certificate_mode(certified, app_cert_sn=number)["sub_msg"]
        for wrong, number in {
            "from CN up": md5(f"C=CN,O=Florin,OU=Certification Authority,CN=Florin Root{serial}"),
            "not in hex": md5(f"{name}{serial:x}"),
            "not over the serial alone": md5(str(serial)),
            "without a blank": md5(name.replace(",", ", ") + str(serial)),
            "small letters": md5(name + str(serial)).upper(),
            "the root certificate's number": root.number,
            "our certificate's number": root.number_of(certified.platform_key),
            "not the certificate's own serial": str(serial)[:64],
        }.items()
    }

    assert [wrong for wrong, sentence in told.items() if wrong not in sentence] == []


def test_the_certificate_named_must_have_made_the_signature(house: House, stranger_key: rsa.RSAPrivateKey):
    master = load_master_key(house.folder / "master.key")
    ensure_platform_key(house.world.connection, ROOT_WIRE, master=master)
    new = keys.public_key_base64(stranger_key.public_key())
    admin.add_app_key(house.world.connection, ESCROW_SHOP, new)
    house.world.connection.commit()
    stranger_number = house.apps.authorities()[0].number_of(stranger_key.public_key())

    crossed = in_certificate_mode(house, app_cert_sn=stranger_number)

    assert crossed["sub_code"] == "isv.invalid-signature"
    assert "another certificate" in crossed["sub_msg"]
    admin.add_app_key(
        house.world.connection, ESCROW_SHOP, new, live=1
    )  # the former key ends, and with it its certificate
    house.world.connection.commit()
    assert in_certificate_mode(house)["sub_code"] == "isv.app-cert-not-exist"


def test_a_shop_of_the_former_root_is_still_heard_and_answered_under_its_own(house: House):
    master = load_master_key(house.folder / "master.key")
    ensure_platform_key(house.world.connection, ROOT_WIRE, master=master)
    house.world.connection.commit()
    former = house.apps.authorities()[0]
    rotate_platform_key(house.world.connection, ROOT_WIRE, master=master)
    house.world.connection.commit()
    house.apps._signing_keys._known.clear()
    assert house.apps.authorities()[1].number == former.number
    shop = Shop(house)
    numbers = {"app_cert_sn": former.number_of(house.key.public_key()), "alipay_root_cert_sn": former.number}

    body = asyncio.run(
        house.gateway.answer(shop.request("alipay.trade.query", {"out_trade_no": "never"}, **numbers))
    ).body

    assert former.number_of(house.platform_key).encode() in body


def test_in_certificate_mode_the_known_mistakes_of_signing_are_still_told(certified: House):
    root = certified.apps.authorities()[0]
    shop = Shop(certified)
    numbers = {"app_cert_sn": root.number_of(certified.key.public_key()), "alipay_root_cert_sn": root.number}
    right = shop.request("alipay.trade.query", {"out_trade_no": "never"}, **numbers)
    unsigned_root = re.sub(rb"(alipay_root_cert_sn=[^&]*)", rb"\1_x", right.query)

    changed = shop.send(
        type(right)(**{name: getattr(right, name) for name in right.__slots__} | {"query": unsigned_root})
    )

    assert "unknown string" in changed["sub_msg"]


# ── encrypted content ─────────────────────────────────────────────────────────────────────────────────────────────


def opened(certified: House, body: bytes, key: str) -> dict[str, Any]:
    """The object in an encrypted answer, its signature checked over the JSON string with its quotes."""
    document = json.loads(body)
    text = document[key]
    assert isinstance(text, str), document
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    certified.platform_key.verify(
        base64.b64decode(document["sign"]), f'"{text}"'.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    found: dict[str, Any] = json.loads(unseal(text, AES_KEY, "utf-8"))
    return found


def test_an_encrypted_order_is_answered_encrypted_and_so_is_its_refusal(certified: House):
    shop = Shop(certified)
    good = seal(json.dumps({**TEA, "out_trade_no": "sealed"}, ensure_ascii=False).encode(), AES_KEY)
    bad = seal(b'{"out_trade_no": "sealed", "total_amount": "0", "subject": "x"}', AES_KEY)

    asked = asyncio.run(certified.gateway.answer(shop.request("alipay.trade.precreate", good, encrypt_type="AES"))).body
    refused = asyncio.run(
        certified.gateway.answer(shop.request("alipay.trade.precreate", bad, encrypt_type="AES"))
    ).body

    assert opened(certified, asked, "alipay_trade_precreate_response")["out_trade_no"] == "sealed"
    assert opened(certified, refused, "alipay_trade_precreate_response")["sub_code"] == "ACQ.INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (json.dumps(TEA), "came in clear"),
        ("not base64!", "not base64"),
        (base64.b64encode(b"x" * 15).decode(), "whole blocks"),
        (base64.b64encode(b"x" * 32).decode(), "the key is another one"),
        (seal(b'{"a": "b"}', b"f" * 16), "the key is another one"),
        (base64.b64decode(seal(b'{"a": "b"}', AES_KEY)).hex(), "hex"),
    ],
)
def test_content_that_does_not_open_is_refused_in_clear_with_the_reason(certified: House, content: str, told: str):
    shop = Shop(certified)

    answer = shop.send(shop.request("alipay.trade.precreate", content, encrypt_type="AES"))

    assert (answer["code"], answer["sub_code"]) == ("40003", "isv.decryption-error-unknown")
    assert told in answer["sub_msg"]


def test_encrypted_content_without_its_type_and_a_wrong_signature_are_answered_in_clear(
    certified: House, stranger_key: rsa.RSAPrivateKey
):
    sealed = seal(json.dumps(TEA).encode(), AES_KEY)
    stranger = Shop(certified, key=stranger_key)

    untyped = Shop(certified).send(Shop(certified).request("alipay.trade.precreate", sealed))
    wrong = stranger.send(stranger.request("alipay.trade.precreate", sealed, encrypt_type="AES"))

    assert untyped["sub_code"] == "isv.decryption-error-missing-encrypt-type"
    assert wrong["sub_code"] == "isv.invalid-signature"


@pytest.mark.parametrize(
    ("mode", "prefix", "told"),
    [
        (modes.ECB(), b"", "ECB"),
        (modes.CBC(AES_KEY), b"", "IV is the key"),
        (modes.CBC(b"i" * 16), b"i" * 16, "before"),
    ],
)
def test_another_mode_or_iv_is_recognized(mode: Any, prefix: bytes, told: str):
    encryptor = Cipher(algorithms.AES(AES_KEY), mode).encryptor()
    text = b'{"subject": "tea"}'.ljust(32, bytes([14]))

    with pytest.raises(Sealed, match=told):
        unseal(base64.b64encode(prefix + encryptor.update(text)).decode(), AES_KEY, "utf-8")

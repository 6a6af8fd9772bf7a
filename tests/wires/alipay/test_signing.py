from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from florin.wires.alipay import signing
from florin.wires.keys.forms import new_private_key
from wires.alipay.client import Client

KEY = new_private_key()
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)


def test_the_signing_string_drops_sign_and_empties_keeps_sign_type_and_sorts_by_name():
    came = [
        ("version", b"1.0"),
        ("sign", b"x"),
        ("body", b""),
        ("sign_type", b"RSA2"),
        ("app_id", b"7"),
        ("alipay_sdk", b"a b"),
    ]

    assert signing.request_signing_bytes(came) == b"alipay_sdk=a b&app_id=7&sign_type=RSA2&version=1.0"
    assert signing.notify_signing_bytes(came) == b"alipay_sdk=a b&app_id=7&version=1.0"


def test_values_are_signed_as_the_bytes_that_came_in_any_charset(shop_key: rsa.RSAPrivateKey):
    for charset in ("utf-8", "gbk"):
        client = Client(shop_key, charset=charset)
        received = client.received(client.signature())

        message = signing.request_signing_bytes(received.pairs())

        assert message == client.right_string()
        assert signing.verify(message, received.text("sign") or "", key=shop_key.public_key(), sign_type="RSA2")


def test_rsa2_is_sha_256_and_rsa_is_sha_1_and_neither_passes_for_the_other(shop_key: rsa.RSAPrivateKey):
    public = shop_key.public_key()
    new, old = (signing.sign(b"tea", key=shop_key, sign_type=sign_type) for sign_type in signing.SIGN_TYPES)

    assert signing.verify(b"tea", new, key=public, sign_type="RSA2")
    assert signing.verify(b"tea", old, key=public, sign_type="RSA")
    assert not signing.verify(b"tea", new, key=public, sign_type="RSA")
    assert not signing.verify(b"tea", old, key=public, sign_type="RSA2")


def test_a_signature_that_is_no_base64_or_of_the_wrong_length_is_simply_wrong(shop_key: rsa.RSAPrivateKey):
    for signature in ("", "签名", "AAAA", "%%%", "A" * 10_000, "\x00"):
        assert not signing.verify(b"tea", signature, key=shop_key.public_key(), sign_type="RSA2")


@given(st.dictionaries(names, st.binary(max_size=30), max_size=8), st.randoms(use_true_random=False))
def test_the_signing_string_does_not_depend_on_the_order_of_arrival(values, random):
    shuffled = list(values.items())
    random.shuffle(shuffled)

    assert signing.request_signing_bytes(shuffled) == signing.request_signing_bytes(list(values.items()))


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=8))
def test_a_signature_stands_for_its_message_and_no_longer_one(message, suffix):
    signature = signing.sign(message, key=KEY, sign_type="RSA2")

    assert signing.verify(message, signature, key=KEY.public_key(), sign_type="RSA2")
    assert not signing.verify(message + suffix, signature, key=KEY.public_key(), sign_type="RSA2")

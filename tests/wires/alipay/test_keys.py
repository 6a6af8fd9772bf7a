from __future__ import annotations

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat as Public

from florin.wires.keys import forms as keys


@pytest.mark.parametrize("form", ["PKCS1", "PKCS8"])
def test_a_private_key_is_read_in_every_form_that_an_sdk_prints(shop_key: rsa.RSAPrivateKey, form: keys.PrivateForm):
    one_line = keys.private_key_base64(shop_key, form)
    forms = [one_line, keys.private_key_pem(shop_key, form), textwrap.fill(one_line, 64), f"  {one_line}\r\n"]

    read = [keys.read_private_key(text) for text in forms]

    assert all(key.private_numbers() == shop_key.private_numbers() for key in read)


def test_a_public_key_is_read_in_every_form_that_an_sdk_prints(shop_key: rsa.RSAPrivateKey):
    public = shop_key.public_key()
    pkcs1 = public.public_bytes(Encoding.PEM, Public.PKCS1).decode()
    forms = [keys.public_key_base64(public), keys.public_key_pem(public), pkcs1, textwrap.fill(pkcs1.split("-----")[2])]

    read = [keys.read_public_key(text) for text in forms]

    assert all(key.public_numbers() == public.public_numbers() for key in read)


def test_what_is_no_usable_key_is_refused_with_the_reason(shop_key: rsa.RSAPrivateKey):
    secret = keys.private_key_base64(shop_key)
    encrypted = shop_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
    curve = ec.generate_private_key(ec.SECP256R1())
    curve_der = base64.b64encode(curve.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    curve_public = base64.b64encode(curve.public_key().public_bytes(Encoding.DER, Public.SubjectPublicKeyInfo)).decode()

    with pytest.raises(keys.KeyUnreadable, match="this is a private key, keep it secret"):
        keys.read_public_key(secret)
    with pytest.raises(keys.KeyUnreadable, match="this is a public key"):
        keys.read_private_key(keys.public_key_base64(shop_key.public_key()))
    with pytest.raises(keys.KeyUnreadable, match="not base64"):
        keys.read_private_key(secret[:-3])
    with pytest.raises(keys.KeyUnreadable, match="passphrase"):
        keys.read_private_key(encrypted)
    with pytest.raises(keys.KeyUnreadable, match="not an RSA one"):
        keys.read_private_key(curve_der)
    with pytest.raises(keys.KeyUnreadable, match="not an RSA one"):
        keys.read_public_key(curve_public)
    with pytest.raises(keys.KeyUnreadable, match="certificate"):
        keys.read_public_key("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
    with pytest.raises(keys.KeyUnreadable, match="not an RSA public key"):
        keys.read_public_key("AAAA")
    with pytest.raises(keys.KeyUnreadable, match="no public key"):
        keys.read_public_key("  ")
    with pytest.raises(keys.KeyUnreadable, match="too many"):
        keys.read_public_key("A" * 20_000)


def test_a_key_that_is_too_small_is_refused():
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)

    assert keys.read_public_key(keys.public_key_base64(small.public_key())).key_size == 1024
    # A key of 512 bits, which nobody can make with today's libraries.
    tiny = (
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKKNIIgDoJA/Av8hbIXkDywQ21LvFbvJKMPv2wzU37x/"
        "tJBcYcWf/5ckJeBZ1GVVUUTjPTPpvxeGd5iQtcq+k4sCAwEAAQ=="
    )
    with pytest.raises(keys.KeyUnreadable):
        keys.read_public_key(tiny)

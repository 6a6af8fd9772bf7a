"""Every known mistake is made by a client, and told by its name."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from florin.wires.alipay.diagnosis import Asked, diagnose
from florin.wires.alipay.mistakes import Mistake, candidates
from florin.wires.alipay.parameters import Parameters, read_parameters
from florin.wires.alipay.signing import request_signing_bytes
from florin.wires.desk.findings import Finding, RegisteredKey, recover_digest, shown
from florin.wires.keys.forms import new_private_key
from wires.alipay.client import TEA, Client, form

TEA_HOUSE, PHONE_SHOP = "2026030200000001", "2026030200000002"


def found(
    client: Client, signature: str, *, registered: rsa.RSAPrivateKey, other: rsa.RSAPrivateKey | None = None
) -> Finding:
    return explained(
        client.received(signature),
        signature=signature,
        sign_type="RSA2" if client.sign_type == "RSA2" else "RSA",
        own_keys=[RegisteredKey(TEA_HOUSE, registered.public_key())],
        other_keys=[RegisteredKey(PHONE_SHOP, other.public_key())] if other else [],
    )


def explained(parameters: Parameters, **more: Any) -> Finding:
    expected = request_signing_bytes(parameters.pairs())
    return diagnose(Asked(expected=expected, candidates=partial(candidates, parameters), **more))


def pairs_joined(pairs: list[tuple[str, bytes]]) -> bytes:
    return b"&".join(name.encode() + b"=" + value for name, value in pairs)


MISTAKES = {
    "url-encoded with plus": (
        Mistake.URL_ENCODED,
        lambda c: [(n, quote_plus(v).encode()) for n, v in sorted(c.entries())],
    ),
    "url-encoded with %20": (
        Mistake.URL_ENCODED,
        lambda c: [(n, quote(v, safe="").encode()) for n, v in sorted(c.entries())],
    ),
    "sign_type dropped": (
        Mistake.SIGN_TYPE_DROPPED,
        lambda c: [(n, v) for n, v in sorted(c.entries()) if n != "sign_type"],
    ),
    "unsorted": (Mistake.UNSORTED, lambda c: c.entries()),
    "biz_content forgotten": (
        Mistake.PARAMETER_LEFT_OUT,
        lambda c: [(n, v) for n, v in sorted(c.entries()) if n != "biz_content"],
    ),
    "notify_url forgotten": (
        Mistake.PARAMETER_LEFT_OUT,
        lambda c: [(n, v) for n, v in sorted(c.entries()) if n != "notify_url"],
    ),
    "signed in gbk": (Mistake.WRONG_CHARSET, lambda c: [(n, v.decode().encode("gbk")) for n, v in sorted(c.entries())]),
    "read as latin-1": (
        Mistake.WRONG_CHARSET,
        lambda c: [(n, v.decode("latin-1").encode()) for n, v in sorted(c.entries())],
    ),
    "signed in latin-1": (
        Mistake.WRONG_CHARSET,
        lambda c: [(n, v.decode().encode("latin-1", "replace")) for n, v in sorted(c.entries())],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_parameters_is_named_and_the_string_that_was_signed_is_shown(
    name: str, shop_key: rsa.RSAPrivateKey
):
    mistake, make = MISTAKES[name]
    client = Client(shop_key)
    wrong = pairs_joined(make(client))

    finding = found(client, client.signature(wrong), registered=shop_key)

    assert finding.mistakes == (mistake,)
    assert finding.signed == wrong
    assert finding.app_id == TEA_HOUSE


REPRINTED = {
    "blanks after , and :": json.dumps(TEA, ensure_ascii=False),
    "\\u escapes": json.dumps(TEA, separators=(",", ":")),
    "keys sorted": json.dumps(TEA, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
    "\\/": json.dumps(TEA, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/"),
    "Python's repr": repr(TEA),
}


@pytest.mark.parametrize("how", REPRINTED)
def test_a_biz_content_that_was_printed_twice_is_named_with_the_way_it_was_printed(
    how: str, shop_key: rsa.RSAPrivateKey
):
    client = Client(shop_key)
    signed = Client(shop_key, biz_text=REPRINTED[how]).right_string()

    finding = found(client, client.signature(signed), registered=shop_key)

    assert finding.mistakes == (Mistake.JSON_RESERIALIZED,)
    assert how in finding.sentence
    assert finding.signed == signed


def test_a_biz_content_signed_compact_and_sent_with_blanks_is_named(shop_key: rsa.RSAPrivateKey):
    sent = Client(shop_key, biz_text='{ "total_amount": 12.30, "n": [1, {"b": null}], "ok": true }')
    signed = Client(shop_key, biz_text='{"total_amount":12.30,"n":[1,{"b":null}],"ok":true}').right_string()

    finding = found(sent, sent.signature(signed), registered=shop_key)

    assert finding.mistakes == (Mistake.JSON_RESERIALIZED,)


def test_empty_values_that_were_signed_are_named(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key, more=[("return_url", ""), ("auth_token", "")])

    finding = found(client, client.signature(pairs_joined(sorted(client.entries()))), registered=shop_key)

    assert finding.mistakes == (Mistake.EMPTIES_KEPT,)


def test_sha_1_under_rsa2_and_sha_256_under_rsa_are_named(shop_key: rsa.RSAPrivateKey):
    new, old = Client(shop_key), Client(shop_key, sign_type="RSA")

    assert found(new, new.signature(digest=hashes.SHA1()), registered=shop_key).mistakes == (Mistake.OTHER_DIGEST,)
    assert found(old, old.signature(digest=hashes.SHA256()), registered=shop_key).mistakes == (Mistake.OTHER_DIGEST,)
    assert "md5" in found(new, new.signature(digest=hashes.MD5()), registered=shop_key).sentence


def test_gbk_declared_and_utf_8_signed_is_named(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key, charset="gbk")
    wrong = client.right_string().decode("gbk").encode("utf-8")

    finding = found(client, client.signature(wrong), registered=shop_key)

    assert finding.mistakes == (Mistake.WRONG_CHARSET,)
    assert "UTF-8 ≠ GBK" in finding.sentence


def test_the_whole_string_encoded_or_escaped_or_with_something_more_is_named(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key)
    right = client.right_string()
    whole = {
        Mistake.URL_ENCODED: quote_plus(right).encode(),
        Mistake.HTML_ESCAPED: right.replace(b"&", b"&amp;"),
        Mistake.STRING_DRESSED: right + b"\n",
    }

    for mistake, wrong in whole.items():
        assert found(client, client.signature(wrong), registered=shop_key).mistakes == (mistake,)


def test_two_mistakes_at_once_are_both_named(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key)
    wrong = pairs_joined([(n, quote_plus(v).encode()) for n, v in client.entries()])

    finding = found(client, client.signature(wrong, digest=hashes.SHA1()), registered=shop_key)

    assert finding.mistakes == (Mistake.OTHER_DIGEST, Mistake.UNSORTED, Mistake.URL_ENCODED)


def test_another_apps_key_is_named_with_that_app(shop_key: rsa.RSAPrivateKey, stranger_key: rsa.RSAPrivateKey):
    client = Client(stranger_key)

    finding = found(client, client.signature(), registered=shop_key, other=stranger_key)

    assert finding.mistakes == (Mistake.OTHER_KEY,)
    assert PHONE_SHOP in finding.sentence
    assert finding.signed == client.right_string()


def test_another_apps_key_over_an_unknown_string_is_named_twice(
    shop_key: rsa.RSAPrivateKey, stranger_key: rsa.RSAPrivateKey
):
    client = Client(stranger_key)

    finding = found(client, client.signature(b"something else"), registered=shop_key, other=stranger_key)

    assert finding.mistakes == (Mistake.OTHER_KEY, Mistake.UNKNOWN_STRING)


def test_a_key_that_nobody_registered_is_told_from_a_string_that_nobody_knows(
    shop_key: rsa.RSAPrivateKey, stranger_key: rsa.RSAPrivateKey
):
    stranger, friend = Client(stranger_key), Client(shop_key)

    wrong_key = found(stranger, stranger.signature(), registered=shop_key)
    unknown = found(friend, friend.signature(b"something else"), registered=shop_key)

    assert wrong_key.mistakes == (Mistake.WRONG_KEY,)
    assert unknown.mistakes == (Mistake.UNKNOWN_STRING,)
    assert "wrong key or unknown string" in wrong_key.sentence
    assert "wrong key or unknown string" in unknown.sentence


def test_a_signature_of_another_length_says_so(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key)

    assert "(3 bytes; the registered key makes 256)" in found(client, "AAAA", registered=shop_key).sentence
    assert found(client, "签名", registered=shop_key).mistakes == (Mistake.SIGNATURE_NOT_BASE64,)
    assert found(client, "", registered=shop_key).mistakes == (Mistake.SIGNATURE_NOT_BASE64,)


def test_a_signature_changed_on_its_way_is_told_from_a_wrong_one(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key)
    right = client.signature()
    changed = {
        "blanks": next(s for n in range(99) if "+" in (s := Client(shop_key, app_id=str(n)).signature())),
        "twice": quote(right, safe=""),
        "url-safe": base64.urlsafe_b64encode(base64.b64decode(right)).decode(),
        "quoted": f'"{right}"',
    }
    number = next(n for n in range(99) if "+" in Client(shop_key, app_id=str(n)).signature())
    with_plus = Client(shop_key, app_id=str(number))

    findings = [
        found(client, signature, registered=shop_key) for name, signature in changed.items() if name != "blanks"
    ]
    blanks = found(with_plus, with_plus.signature().replace("+", " "), registered=shop_key)

    assert "URL encoding" in blanks.sentence
    assert all(finding.mistakes == (Mistake.SIGNATURE_MANGLED,) for finding in [*findings, blanks])


def test_an_address_that_html_got_at_is_named(shop_key: rsa.RSAPrivateKey):
    """The official SDK's page form leaves `&notify_url=` bare, which a naive parser reads as `¬ify_url=`."""
    client = Client(shop_key)
    signature = client.signature()
    address = form([*client.entries(), ("sign", signature.encode())]).decode()
    naive = html.unescape(address)
    escaped = address.replace("&", "&amp;")

    for query in (naive.encode(), escaped.encode()):
        parameters = read_parameters(query=query, content_type=None, body=b"")
        finding = explained(
            parameters,
            signature=signature,
            sign_type="RSA2",
            own_keys=[RegisteredKey(TEA_HOUSE, shop_key.public_key())],
        )
        assert finding.mistakes == (Mistake.HTML_ESCAPED,)


def test_the_second_of_two_live_keys_is_an_own_key_too(shop_key: rsa.RSAPrivateKey, stranger_key: rsa.RSAPrivateKey):
    client = Client(stranger_key)
    wrong = client.right_string() + b"&"

    finding = explained(
        client.received(client.signature(wrong)),
        signature=client.signature(wrong),
        sign_type="RSA2",
        own_keys=[RegisteredKey(TEA_HOUSE, key.public_key()) for key in (shop_key, stranger_key)],
    )

    assert finding.mistakes == (Mistake.STRING_DRESSED,)


def test_a_long_biz_content_is_searched_for_single_mistakes(shop_key: rsa.RSAPrivateKey):
    client = Client(shop_key, biz={**TEA, "body": "茶" * 100_000})

    finding = found(client, client.signature(pairs_joined(client.entries())), registered=shop_key)

    assert finding.mistakes == (Mistake.UNSORTED,)


def test_biz_content_that_is_no_json_or_nested_without_end_is_no_obstacle(shop_key: rsa.RSAPrivateKey):
    for text in ("{", "[" * 200_000, "NaN", '{"a":1e999}'):
        client = Client(shop_key, biz_text=text)
        assert found(client, client.signature(b"?"), registered=shop_key).mistakes == (Mistake.UNKNOWN_STRING,)


def test_the_digest_is_recovered_only_with_the_key_that_made_it(
    shop_key: rsa.RSAPrivateKey, stranger_key: rsa.RSAPrivateKey
):
    signature = base64.b64decode(Client(shop_key).signature(b"tea"))
    opened = recover_digest(signature, shop_key.public_key())

    assert opened is not None
    assert (opened.algorithm, opened.digest) == ("sha256", hashlib.sha256(b"tea").digest())
    assert recover_digest(signature, stranger_key.public_key()) is None
    assert recover_digest(b"\xff" * 256, shop_key.public_key()) is None


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=0, max_size=300))
def test_no_signature_however_odd_raises(noise: bytes):
    client = Client(KEY)
    signature = base64.b64encode(noise).decode()

    assert found(client, signature, registered=KEY).mistakes


KEY = new_private_key()


def test_a_string_for_the_log_is_cut_and_never_breaks():
    assert shown(b"\xff\xe8\x8c\xb6") == "\\xff茶"
    assert shown(b"x" * 5000, limit=10) == "xxxxxxxxxx… (5,000 bytes)"

"""The three SDKs' ways of finding the signed part of an answer, written down here, must all find it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from florin.wires.alipay import answers
from florin.wires.keys.forms import new_private_key

KEY = new_private_key()
METHOD = "alipay.trade.query"
NASTY = 'a "}" and {{ },"sign":"no" \\ / \u2028 <script> 茶 🍵'


def answered(content: answers.Content, charset: Any = "utf-8", method: str | None = METHOD) -> bytes:
    return answers.answer_bytes(content, method=method, charset=charset, key=KEY, sign_type="RSA2")


def found_by_the_official_python_sdk(text: str) -> str:
    begin = re.search(r'("[a-zA-z_]+_response"[ \t\n]*:[ \t\n]*\{)', text)
    ends = list(re.finditer(r'(\}[ \t\n]*,[ \t\n]*"sign"[ \t\n]*:[ \t\n]*")', text))
    assert begin is not None
    return text[begin.end() - 1 : ends[-1].start() + 1]


def found_by_python_alipay_sdk(text: str) -> str:
    start = text.find("{", text.find("alipay_trade_query_response"))
    depth = 0
    for at in range(start + 1, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            if depth == 0:
                return text[start : at + 1]
            depth -= 1
    raise AssertionError("no end")


def found_by_npm_alipay_sdk(text: str) -> str:
    key = "alipay_trade_query_response"
    found = text.strip()[text.index(f'{key}"') + len(key) + 1 :][: text.rindex('"sign"')]
    return re.sub(r"\}([^}]*)$", "}", re.sub(r"^[^{]*{", "{", found))


FINDERS = [found_by_the_official_python_sdk, found_by_python_alipay_sdk, found_by_npm_alipay_sdk]

leaves = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    [NASTY, "{", "}", '"', '},"sign":"']
)
contents = st.dictionaries(
    st.from_regex("[a-z_]{1,12}", fullmatch=True),
    st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner), max_leaves=5
    ),
    max_size=5,
)


@given(contents, st.sampled_from(["utf-8", "gbk", "gb2312", "gb18030"]))
def test_whatever_is_answered_every_sdk_finds_the_bytes_that_were_signed(content: dict[str, Any], charset: str):
    answer = answered(content, charset)
    text = answer.decode(charset)
    signature = base64.b64decode(json.loads(text)["sign"])

    for find in FINDERS:
        KEY.public_key().verify(signature, find(text).encode(charset), padding.PKCS1v15(), hashes.SHA256())


@given(contents)
def test_an_answer_says_what_was_put_in(content: dict[str, Any]):
    def without_lone_surrogates(value: Any) -> Any:
        return json.loads(json.dumps(value))

    assert json.loads(answered(content).decode())["alipay_trade_query_response"] == without_lone_surrogates(content)


def test_what_is_absent_is_left_out_and_what_is_no_text_is_a_bug():
    assert json.loads(answers.json_text({"a": None, "b": "1", "c": [{"d": None, "e": "2"}]})) == {
        "b": "1",
        "c": [{"e": "2"}],
    }
    for leaf in (1, 1.5, True, b"x"):
        with pytest.raises(TypeError):
            answers.json_text({"a": leaf})  # type: ignore[dict-item]


def test_an_error_stands_under_the_methods_key_and_is_signed():
    problem = answers.business("TRADE_NOT_EXIST", "交易不存在: no such trade")

    answer = json.loads(answered(problem.content()))

    assert answer["alipay_trade_query_response"] == {
        "code": "40004",
        "msg": "Business Failed",
        "sub_code": "ACQ.TRADE_NOT_EXIST",
        "sub_msg": "交易不存在: no such trade",
    }
    assert list(answer) == ["alipay_trade_query_response", "sign"]


@pytest.mark.parametrize("method", [None, "", "a b", 'x"y', "a..b", "é", "x" * 200, "1a", "a\n"])
def test_only_what_names_no_method_answers_as_error_response(method: str | None):
    assert answers.response_key(method) == "error_response"


def test_an_answer_for_an_app_that_nobody_knows_is_not_signed():
    answer = answers.answer_bytes({"code": "40002"}, method=METHOD, charset="utf-8", key=None, sign_type="RSA2")

    assert answer == b'{"alipay_trade_query_response":{"code":"40002"}}'


def test_a_character_that_the_charset_lacks_is_escaped():
    assert answers.encoded('"茶🍵"', "gbk") == '"茶'.encode("gbk") + b'\\ud83c\\udf75"'
    assert json.loads(answers.encoded('"🍵"', "gb2312")) == "🍵"


def test_rsa_answers_are_signed_with_sha_1(platform_key: rsa.RSAPrivateKey):
    answer = answers.answer_bytes({}, method=METHOD, charset="utf-8", key=platform_key, sign_type="RSA")

    signature = base64.b64decode(json.loads(answer)["sign"])
    platform_key.public_key().verify(signature, b"{}", padding.PKCS1v15(), hashes.SHA1())

"""What a wrong signature was made over.

The five lines of a signed request can each be wrong in ways that people are known to get them wrong; which of them was, the
digest inside the signature proves. One mistake is tried alone, then two in different lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final
from urllib.parse import unquote_to_bytes

from florin.wires.desk.findings import OTHER_KEYS_MAX, Finding, RecoveredDigest, RegisteredKey, recover_digest
from florin.wires.wechatpay.signing import Authorization, signature_of

DIAGNOSED_BYTES_MAX: Final = 32_768


class Mistake(StrEnum):
    """The mistakes that a digest can prove. The values are shown; they do not change."""

    SIGNATURE_NOT_BASE64 = "signature-not-base64"
    OTHER_DIGEST = "other-digest"
    METHOD = "method"
    TARGET = "target"
    BODY_LEFT_OUT = "body-left-out"
    BODY_ADDED = "body-added"
    BODY_PRINTED_TWICE = "body-printed-twice"
    ORDER = "order"
    LINE_ENDS = "line-ends"
    OTHER_TIMESTAMP = "other-timestamp"
    OTHER_KEY = "other-key"
    OTHER_SERIAL = "other-serial"
    WRONG_KEY = "wrong-key"
    UNKNOWN_STRING = "unknown-string"
    NOT_EXAMINED = "not-examined"


_SENTENCES: Final = {
    Mistake.SIGNATURE_NOT_BASE64: ("signature 不是 base64{}", "the signature is not base64{}"),
    Mistake.OTHER_DIGEST: ("摘要算法应为 SHA-256，实际为 {}", "SHA-256 is wanted, it was made with {}"),
    Mistake.METHOD: ("请求方法签成了 {}", "the method was signed as {}"),
    Mistake.TARGET: ("URL 签名错误：{}", "the target was signed {}"),
    Mistake.BODY_LEFT_OUT: ("请求体未参与签名{}", "the body was sent but not signed{}"),
    Mistake.BODY_ADDED: ("没有请求体，却签了 {}", "there is no body, but {} was signed as one"),
    Mistake.BODY_PRINTED_TWICE: (
        "签名与发送的请求体文本不同（签名时：{}）",
        "the body was printed twice: the signed text ({}) is not the text that was sent",
    ),
    Mistake.ORDER: ("各行顺序错误：{}", "the lines were signed in another order: {}"),
    Mistake.LINE_ENDS: ("换行符错误：{}", "the line ends are wrong: {}"),
    Mistake.OTHER_TIMESTAMP: ("时间戳签成了 {}", "the timestamp was signed as {}"),
    Mistake.OTHER_KEY: ("使用了另一商户的私钥：{}", "signed with the key registered for another merchant: {}"),
    Mistake.OTHER_SERIAL: (
        "证书序列号与私钥不匹配{}",
        "the key is this merchant's, but serial_no names another of his{}",
    ),
    Mistake.WRONG_KEY: (
        "私钥与登记的公钥不匹配{}",
        "wrong key: no registered public key opens this signature, so it is the wrong private key{}",
    ),
    Mistake.UNKNOWN_STRING: (
        "私钥正确，待签名串不符（{}）",
        "the key is the registered one, the string is none of the known mistakes ({})",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What should have been signed, line by line."""

    method: str
    target: bytes
    authorization: Authorization
    body: bytes

    def message(self) -> bytes:
        return _message(self._lines(), b"\n", ended=True)

    def _lines(self) -> list[bytes]:
        given = self.authorization
        return [self.method.encode(), self.target, given.timestamp.encode(), given.nonce_str.encode(), self.body]


Lines = list[bytes]


@dataclass(frozen=True, slots=True)
class _Variant:
    """One line made in another way. line: which of the five; 5: the whole."""

    line: int
    mistake: Mistake
    detail: str
    zh: str
    apply: Callable[[Lines], bytes | None]


def diagnose(
    signed: Signed, *, own_keys: Sequence[RegisteredKey], other_keys: Iterable[RegisteredKey] = (), is_own_serial: bool
) -> Finding:
    """Explain a signature that did not verify. own_keys: the client's live keys. is_own_serial: serial_no names one of them."""
    signature = signature_of(signed.authorization.signature)
    if signature is None:
        return _finding([(Mistake.SIGNATURE_NOT_BASE64, "", "")])
    for own in own_keys:
        if (opened := recover_digest(signature, own.key)) is not None:
            return _search(signed, opened, maker=own, is_own=True, is_own_serial=is_own_serial)
    for count, other in enumerate(other_keys):
        if count >= OTHER_KEYS_MAX:
            break
        if (opened := recover_digest(signature, other.key)) is not None:
            return _search(signed, opened, maker=other, is_own=False, is_own_serial=True)
    return _finding([(Mistake.WRONG_KEY, "", "")])


def too_long(size: int) -> Finding:
    """Of a large request: trying every known mistake on it would cost more than any honest client's question is worth."""
    return Finding(
        (Mistake.NOT_EXAMINED,),
        zh=f"请求过长（{size} 字节），未逐项排查，请用较短的请求再试",
        en=f"{size} bytes are too many to look for the mistake; try a smaller request",
    )


def _search(
    signed: Signed, opened: RecoveredDigest, *, maker: RegisteredKey, is_own: bool, is_own_serial: bool
) -> Finding:
    around: list[tuple[Mistake, str, str]] = []
    if not is_own:
        around.append((Mistake.OTHER_KEY, maker.app_id, ""))
    if opened.algorithm != "sha256":
        around.append((Mistake.OTHER_DIGEST, opened.algorithm, ""))
    for steps, candidate in _candidates(signed):
        if hashlib.new(opened.algorithm, candidate).digest() == opened.digest:
            if not steps and is_own and is_own_serial:
                around.append((Mistake.OTHER_SERIAL, "", ""))
            return _finding([*around, *steps], signed=candidate, app_id=maker.app_id)
    unknown = (Mistake.UNKNOWN_STRING, f"{opened.algorithm} {opened.digest.hex()}", "")
    return _finding([*around, unknown], app_id=maker.app_id)


def _candidates(signed: Signed) -> Iterator[tuple[list[tuple[Mistake, str, str]], bytes]]:
    """The right string, then every string with one mistake, then with two in different lines."""
    lines = signed._lines()
    yield [], signed.message()
    variants = list(_variants(signed))
    for chosen in [*((each,) for each in variants), *combinations(variants, 2)]:
        if len({variant.line for variant in chosen}) < len(chosen):
            continue
        built = list(lines)
        for variant in chosen:
            if variant.line < 5 and (line := variant.apply(lines)) is not None:
                built[variant.line] = line
        whole = next((variant for variant in chosen if variant.line == 5), None)
        message = whole.apply(built) if whole is not None else _message(built, b"\n", ended=True)
        if message is not None:
            yield [(variant.mistake, variant.detail, variant.zh) for variant in chosen], message


def _variants(signed: Signed) -> Iterator[_Variant]:
    yield from _methods(signed.method)
    yield from _targets(signed.target)
    seconds = signed.authorization.timestamp.encode()
    yield _Variant(2, Mistake.OTHER_TIMESTAMP, "milliseconds", "毫秒", lambda _: seconds + b"000")
    yield from _bodies(signed.body)
    yield from _wholes()


def _methods(method: str) -> Iterator[_Variant]:
    for other in (method.lower(), "POST" if method == "GET" else "GET"):
        yield _Variant(0, Mistake.METHOD, other, "", lambda _, other=other: other.encode())  # type: ignore[misc]


def _targets(target: bytes) -> Iterator[_Variant]:
    path, mark, query = target.partition(b"?")
    forms = [
        (unquote_to_bytes(target), "decoded; sign it as it is sent", "签名用了解码后的路径，应与发送的一致"),
        (target.lstrip(b"/"), "without its leading /", "缺少开头的 /"),
        (target + b"?", "with a ? that was not sent", "多了一个 ?"),
        (target + b"/", "with a / at its end that was not sent", "末尾多了 /"),
        (b"https://api.mch.weixin.qq.com" + target, "with the host before it", "包含了域名，应从路径开始"),
    ]
    if mark:
        forms.append((path, "without its query", "缺少查询参数"))
        forms.append(
            (path + b"?" + b"&".join(sorted(query.split(b"&"))), "with its query sorted", "查询参数被重新排序")
        )
    for form, detail, zh in forms:
        if form != target:
            yield _Variant(1, Mistake.TARGET, detail, zh, lambda _, form=form: form)  # type: ignore[misc]


def _bodies(body: bytes) -> Iterator[_Variant]:
    if not body:
        for added in (b"{}", b"null", b"undefined", b"[]", b'""'):
            text = added.decode()
            yield _Variant(4, Mistake.BODY_ADDED, text, "", lambda _, added=added: added)  # type: ignore[misc]
        return
    yield _Variant(4, Mistake.BODY_LEFT_OUT, "", "", lambda _: b"")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    prints = [
        ("compact", (",", ":"), False),
        ("compact, escaped", (",", ":"), True),
        ("spaced", (", ", ": "), False),
        ("spaced, escaped", (", ", ": "), True),
    ]
    for name, separators, escaped in prints:
        for ordered in (False, True):
            printed = json.dumps(document, separators=separators, ensure_ascii=escaped, sort_keys=ordered).encode()
            detail = f"{name}{', sorted' if ordered else ''}"
            if printed != body:
                yield _Variant(4, Mistake.BODY_PRINTED_TWICE, detail, "", lambda _, printed=printed: printed)  # type: ignore[misc]


def _wholes() -> Iterator[_Variant]:
    yield _Variant(
        5,
        Mistake.LINE_ENDS,
        "the last one is missing",
        "缺少最后一个换行",
        lambda lines: _message(lines, b"\n", ended=False),
    )
    yield _Variant(
        5, Mistake.LINE_ENDS, "\\r\\n instead of \\n", "用了 \\r\\n", lambda lines: _message(lines, b"\r\n", ended=True)
    )
    yield _Variant(
        5,
        Mistake.LINE_ENDS,
        "\\n as two characters",
        "\\n 成了两个字符",
        lambda lines: _message(lines, b"\\n", ended=True),
    )
    yield _Variant(
        5,
        Mistake.ORDER,
        "the nonce before the timestamp",
        "随机串在时间戳之前",
        lambda lines: _message([lines[0], lines[1], lines[3], lines[2], lines[4]], b"\n", ended=True),
    )


def _message(lines: Lines, end: bytes, *, ended: bool) -> bytes:
    return end.join(lines) + (end if ended else b"")


def _finding(
    steps: Sequence[tuple[Mistake, str, str]], *, signed: bytes | None = None, app_id: str | None = None
) -> Finding:
    return Finding(
        tuple(mistake for mistake, _, _ in steps),
        zh="；".join(_SENTENCES[mistake][0].format(zh or detail) for mistake, detail, zh in steps),
        en="; ".join(_SENTENCES[mistake][1].format(detail) for mistake, detail, _ in steps),
        signed=signed,
        app_id=app_id,
    )

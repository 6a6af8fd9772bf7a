"""What a wrong signature was made over.

"isv.invalid-signature" is the first thing most integrators see and the last they understand (alipay-easysdk#146,
alipay-node-sdk#18, yansongda/pay#61). An RSA signature can say more than no: raised to the public exponent it gives
back the digest that was signed. If that is not the digest of the string we expected, it may be the digest of that
string with a known mistake in it, and then the mistake has a name. If no registered key opens the signature, the key is
wrong, whatever the string.

Pure, and bounded: only a holder of a registered private key can make a signature that opens, so nobody else can make us
search; and `pace.py` limits how often an app's signatures are looked into at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote

from florin.wires.alipay.mistakes import Mistake, Step
from florin.wires.alipay.signing import SignType, signature_of, verify
from florin.wires.desk.findings import OTHER_KEYS_MAX, Finding, RecoveredDigest, RegisteredKey, recover_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A signature that did not verify, and all there is to explain it with.

    expected: the bytes that should have been signed. candidates: the right string and those that known mistakes lead to.
    own_keys: those that the request may be signed with: the app's live ones, or the one whose certificate it names;
    unnamed_keys: the app's others then. other_keys: those of other apps, of which OTHER_KEYS_MAX are tried.
    """

    signature: str
    sign_type: SignType
    expected: bytes
    candidates: Callable[[], Iterator[tuple[list[Step], bytes]]]
    own_keys: Sequence[RegisteredKey]
    unnamed_keys: Sequence[RegisteredKey] = ()
    other_keys: Iterable[RegisteredKey] = ()


def diagnose(asked: Asked) -> Finding:
    """Explain a signature that did not verify."""
    signature, own_keys = asked.signature, asked.own_keys
    for mended, step in _mended_signatures(signature):
        if any(verify(asked.expected, mended, key=own.key, sign_type=asked.sign_type) for own in own_keys):
            return _finding([step], signed=asked.expected, app_id=own_keys[0].app_id)
    signature_bytes = signature_of(signature) or next(
        (signature_of(mended) for mended, _ in _mended_signatures(signature) if signature_of(mended)), None
    )
    if signature_bytes is None:
        return _finding([Step(Mistake.SIGNATURE_NOT_BASE64, "")])
    for maker, blame in _makers(asked):
        opened = recover_digest(signature_bytes, maker.key)
        if opened is not None:
            return _search(asked, opened, maker=maker, blame=blame)
    return _finding([_wrong_key(signature_bytes, own_keys)])


def _makers(asked: Asked) -> Iterator[tuple[RegisteredKey, Mistake | None]]:
    """Who may have made it, with the mistake that this would be; None for the right key."""
    for own in asked.own_keys:
        yield own, None
    for unnamed in asked.unnamed_keys:
        yield unnamed, Mistake.OTHER_CERTIFICATE
    for other in islice(asked.other_keys, OTHER_KEYS_MAX):
        yield other, Mistake.OTHER_KEY


_ALGORITHM_OF: Final[dict[SignType, str]] = {"RSA2": "sha256", "RSA": "sha1"}


def _search(asked: Asked, opened: RecoveredDigest, *, maker: RegisteredKey, blame: Mistake | None) -> Finding:
    """blame: the mistake in choosing the key that made the signature; None where it was the right one."""
    around: list[Step] = []
    if blame is not None:
        around.append(Step(blame, maker.app_id))
    wanted = _ALGORITHM_OF[asked.sign_type]
    if opened.algorithm != wanted:
        around.append(Step(Mistake.OTHER_DIGEST, f"{opened.algorithm} ≠ {wanted} ({asked.sign_type})"))
    for steps, candidate in asked.candidates():
        if hashlib.new(opened.algorithm, candidate).digest() == opened.digest:
            return _finding([*around, *steps], signed=candidate, app_id=maker.app_id)
    unknown = Step(Mistake.UNKNOWN_STRING, f"{opened.algorithm} {opened.digest.hex()}")
    return _finding([*around, unknown], app_id=maker.app_id)


def _mended_signatures(signature: str) -> list[tuple[str, Step]]:
    """The signature as it may have been before transport changed it."""
    plus = signature.strip().replace(" ", "+")
    found = [
        (plus, "its + came as blanks, so it was sent without URL encoding", "+ 变成了空格，发送前未做 URL 编码"),
        (unquote(signature), "it was URL-encoded twice", "多做了一次 URL 编码"),
        (
            _standard_base64(plus),
            "URL-safe base64: - and _ stand for + and /",
            "使用了 URL-safe base64，+ 和 / 写成了 - 和 _",
        ),
        (signature.strip("\"' \t"), "quotes or blanks around it", "两端带有引号或空白"),
    ]
    return [(mended, Step(Mistake.SIGNATURE_MANGLED, how, zh)) for mended, how, zh in found if mended != signature]


def _standard_base64(text: str) -> str:
    bare = text.replace("-", "+").replace("_", "/").rstrip("=")
    return bare + "=" * (-len(bare) % 4)


def _wrong_key(signature: bytes, own_keys: Sequence[RegisteredKey]) -> Step:
    """No registered key opens it; of another length than theirs, it says so."""
    sizes = {(own.key.key_size + 7) // 8 for own in own_keys}
    if not sizes or len(signature) in sizes:
        return Step(Mistake.WRONG_KEY, "")
    made = sorted(str(size) for size in sizes)
    return Step(
        Mistake.WRONG_KEY,
        f" ({len(signature)} bytes; the registered key makes {' or '.join(made)})",
        f"（签名 {len(signature)} 字节，登记的密钥应为 {' 或 '.join(made)} 字节）",
    )


_SENTENCES: Final = {
    Mistake.SIGNATURE_MANGLED: (
        "签名正确，但传输中被改动：{}",
        "the signature is right but was changed on its way: {}",
    ),
    Mistake.SIGNATURE_NOT_BASE64: ("sign 不是 base64{}", "sign is not base64{}"),
    Mistake.OTHER_DIGEST: ("摘要算法与 sign_type 不符：{}", "made with another digest than sign_type says: {}"),
    Mistake.SIGN_TYPE_DROPPED: (
        "待签名字符串缺少 sign_type，只有通知才去掉它{}",
        "sign_type was left out of the signed string; only notifies drop it{}",
    ),
    Mistake.EMPTIES_KEPT: ("空值参数未剔除{}", "parameters with empty values were signed; drop them{}"),
    Mistake.PARAMETER_LEFT_OUT: ("有参数未参与签名：{}", "sent but not signed: {}"),
    Mistake.UNSORTED: ("参数未按名称排序{}", "the parameters were signed as they came, not sorted by name{}"),
    Mistake.URL_ENCODED: (
        "对 URL 编码后的值签名（{}），应先签名再编码",
        "URL-encoded values were signed ({}); sign first, encode afterwards",
    ),
    Mistake.JSON_RESERIALIZED: (
        "签名与发送的 biz_content 文本不同（签名时：{}）",
        "biz_content was printed twice: the signed text ({}) is not the text that was sent",
    ),
    Mistake.WRONG_CHARSET: ("签名所用字符集不符：{}", "signed in another charset: {}"),
    Mistake.HTML_ESCAPED: ("参数经过了 HTML 转义：{}", "HTML escaping got into the parameters: {}"),
    Mistake.LINES_WRONG: (
        "待签名的各行有误：{}",
        "the signed lines are not the ones wanted: {}",
    ),
    Mistake.STRING_DRESSED: ("待签名字符串多了字符：{}", "the signed string has something more: {}"),
    Mistake.OTHER_KEY: ("使用了另一应用的私钥：{}", "signed with the key registered for another app: {}"),
    Mistake.OTHER_CERTIFICATE: (
        "签名所用私钥与 app_cert_sn 指定的证书不匹配，它属于应用 {} 的另一证书",
        "signed with the key of another certificate of app {} than app_cert_sn names",
    ),
    Mistake.WRONG_KEY: (
        "私钥与登记的应用公钥不匹配{}",
        "wrong key or unknown string: no registered public key opens this signature, so it is the wrong private key{}",
    ),
    Mistake.UNKNOWN_STRING: (
        "私钥正确，待签名字符串不符（{}）",
        "wrong key or unknown string: the key is the registered one, the string is none of the known mistakes ({})",
    ),
}


def too_long(expected_bytes: int) -> Finding:
    """Of a large request: trying every known mistake on it would cost more than any honest client's question is worth."""
    return Finding(
        (Mistake.NOT_EXAMINED,),
        zh=f"请求过长（{expected_bytes} 字节），未逐项排查，请用较短的请求再试",
        en=f"{expected_bytes} bytes are too many to look for the mistake; try a smaller request",
    )


def _finding(steps: Sequence[Step], *, signed: bytes | None = None, app_id: str | None = None) -> Finding:
    return Finding(
        tuple(step.mistake for step in steps),
        zh="；".join(_SENTENCES[step.mistake][0].format(step.zh or step.detail) for step in steps),
        en="; ".join(_SENTENCES[step.mistake][1].format(step.detail) for step in steps),
        signed=signed,
        app_id=app_id,
    )

"""The known mistakes in making the string that is signed, and the strings that they lead to.

A string has five parts to get wrong: which parameters, in what order, each value's form, its charset, and the whole.
`candidates` gives the right string first, then every string with one mistake, then those with two in different parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final
from urllib.parse import quote_from_bytes, quote_plus

from florin.wires.alipay.parameters import Charset, Parameter, Parameters
from florin.wires.alipay.signing import joined, request_signing_bytes

PAIRS_UP_TO_BYTES: Final = 16_384  # a longer string is searched for single mistakes only


class Mistake(StrEnum):
    """The mistakes that a digest can prove; the last says that nobody looked. The values are shown; they do not change."""

    SIGNATURE_MANGLED = "signature-mangled"
    SIGNATURE_NOT_BASE64 = "signature-not-base64"
    OTHER_DIGEST = "other-digest"
    SIGN_TYPE_DROPPED = "sign-type-dropped"
    EMPTIES_KEPT = "empties-kept"
    PARAMETER_LEFT_OUT = "parameter-left-out"
    UNSORTED = "unsorted"
    URL_ENCODED = "url-encoded"
    JSON_RESERIALIZED = "json-reserialized"
    WRONG_CHARSET = "wrong-charset"
    HTML_ESCAPED = "html-escaped"
    STRING_DRESSED = "string-dressed"
    LINES_WRONG = "lines-wrong"
    OTHER_KEY = "other-key"
    OTHER_CERTIFICATE = "other-certificate"
    WRONG_KEY = "wrong-key"
    UNKNOWN_STRING = "unknown-string"
    NOT_EXAMINED = "not-examined"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done differently. detail: completes its sentence; zh: does so in Chinese, where that differs."""

    mistake: Mistake
    detail: str
    zh: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to make a part of the string; no step is the right way."""

    step: Step | None
    apply: Callable[..., Any]


def candidates(parameters: Parameters) -> Iterator[tuple[list[Step], bytes]]:
    """The right string, then every string with one mistake, then with two of different kinds."""
    parts: list[list[Variant]] = [
        _selections(parameters),
        _orders(),
        _value_forms(parameters),
        _charsets(parameters.charset),
        _dresses(),
    ]
    right = [part[0] for part in parts]
    yield [], _built(parameters, right)
    singles = [(at, variant) for at, part in enumerate(parts) for variant in part[1:]]
    seen: set[bytes] = set()
    for at, variant in singles:
        yield from _try(parameters, right, {at: variant}, seen)
    if len(request_signing_bytes(parameters.pairs())) > PAIRS_UP_TO_BYTES:
        return
    for first, (at, variant) in enumerate(singles):
        if variant.step is not None and variant.step.mistake is Mistake.PARAMETER_LEFT_OUT:
            continue  # dropping each parameter in turn is worth a try alone, not with everything else
        for other_at, other in singles[first + 1 :]:
            if other_at != at:
                yield from _try(parameters, right, {at: variant, other_at: other}, seen)


def _try(
    parameters: Parameters, right: list[Variant], changed: dict[int, Variant], seen: set[bytes]
) -> Iterator[tuple[list[Step], bytes]]:
    variants = [changed.get(at, variant) for at, variant in enumerate(right)]
    try:
        built = _built(parameters, variants)
    except (UnicodeError, ValueError, RecursionError):
        return  # this mistake cannot be made with these values
    if built not in seen:
        seen.add(built)
        yield [variant.step for variant in variants if variant.step is not None], built


def _built(parameters: Parameters, variants: Sequence[Variant]) -> bytes:
    select, order, form, charset, dress = (variant.apply for variant in variants)
    pairs = order(select(parameters.entries))
    result: bytes = dress(joined((name, charset(form(name, value))) for name, value in map(_as_pair, pairs)))
    return result


def _as_pair(entry: Parameter) -> tuple[str, bytes]:
    return entry.name, entry.value


_Entries = Sequence[Parameter]


def _selections(parameters: Parameters) -> list[Variant]:
    """Which parameters were signed."""

    def only(test: Callable[[Parameter], object]) -> Callable[[_Entries], _Entries]:
        return lambda entries: [entry for entry in entries if test(entry)]

    def right(entry: Parameter) -> bool:
        return bool(entry.value) and entry.name != "sign"

    def came_in(place: str, entry: Parameter) -> bool:
        return right(entry) and entry.place == place

    def all_but(name: str, entry: Parameter) -> bool:
        return right(entry) and entry.name != name

    found = [
        Variant(None, only(right)),
        Variant(Step(Mistake.SIGN_TYPE_DROPPED, ""), only(lambda e: right(e) and e.name != "sign_type")),
        Variant(Step(Mistake.EMPTIES_KEPT, ""), only(lambda e: e.name != "sign")),
    ]
    mangled = html_mended(parameters.entries)
    if mangled is not None:
        step = Step(
            Mistake.HTML_ESCAPED,
            "the address was read from HTML twice or not at all (&amp;, &not)",
            "地址被 HTML 多解析一次或未解析（&amp;、&not）",
        )
        found.append(Variant(step, lambda _: [entry for entry in mangled if right(entry)]))
    for place in ("query", "body"):
        left = [entry.name for entry in parameters.entries if right(entry) and entry.place != place]
        if left:
            step = Step(Mistake.PARAMETER_LEFT_OUT, ", ".join(left))
            found.append(Variant(step, only(partial(came_in, place))))
    for name in [entry.name for entry in parameters.entries if right(entry) and entry.name != "sign_type"]:
        step = Step(Mistake.PARAMETER_LEFT_OUT, name)
        found.append(Variant(step, only(partial(all_but, name))))
    return found


def _orders() -> list[Variant]:
    return [
        Variant(None, lambda entries: sorted(entries, key=lambda entry: entry.name)),
        Variant(Step(Mistake.UNSORTED, ""), lambda entries: entries),
    ]


def _value_forms(parameters: Parameters) -> list[Variant]:
    """How a value was written: percent-encoded, or `biz_content` printed again with other blanks, order or escapes."""
    found = [Variant(None, lambda _, value: value)]
    for how, encode in _URL_ENCODERS.items():
        found.append(Variant(Step(Mistake.URL_ENCODED, how, _IN_CHINESE[how]), partial(_encoded_value, encode)))
    for words, text in _json_forms(parameters):
        chinese = "、".join(_IN_CHINESE[word] for word in words)
        step = Step(Mistake.JSON_RESERIALIZED, ", ".join(words), chinese)
        found.append(Variant(step, partial(_replaced_value, text.encode(parameters.charset, "replace"))))
    return found


def _encoded_value(encode: Callable[[bytes], str], _: str, value: bytes) -> bytes:
    return encode(value).encode("ascii")


def _replaced_value(biz_content: bytes, name: str, value: bytes) -> bytes:
    return biz_content if name == "biz_content" else value


_URL_ENCODERS: Final[dict[str, Callable[[bytes], str]]] = {
    "blank as +": partial(quote_plus, safe=""),
    "blank as %20": partial(quote_from_bytes, safe=""),
    "as encodeURIComponent does": partial(quote_from_bytes, safe="!'()*~"),
    "as Java's URLEncoder does": lambda value: quote_plus(value, safe="*").replace("~", "%7E"),
    "lower-case hex digits": lambda value: re.sub(
        "%[0-9A-F]{2}", lambda m: m.group().lower(), quote_plus(value, safe="!*()")
    ),
}


def _lower_hex(encoded: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), encoded)


_IN_CHINESE: Final = {
    "blank as +": "空格写成 +",
    "blank as %20": "空格写成 %20",
    "as encodeURIComponent does": "按 encodeURIComponent 的方式",
    "as Java's URLEncoder does": "按 Java 的 URLEncoder 的方式",
    "lower-case hex digits": "十六进制用小写字母",
    "compact": "紧凑格式",
    "with blanks after , and :": "逗号和冒号后有空格",
    "keys sorted": "键名已排序",
    "\\u escapes": "使用 \\u 转义",
    "\\/": "斜杠写成 \\/",
    "Python's repr, not JSON": "Python 的 repr，不是 JSON",
}


def _json_forms(parameters: Parameters) -> Iterator[tuple[list[str], str]]:
    """Other ways to print the `biz_content` that came, each with the words for how."""
    try:
        received = parameters.raw("biz_content").decode(parameters.charset)
        document = json.loads(received, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        return
    for is_sorted in (False, True):
        for blanks, blanks_name in (("", "compact"), (" ", "with blanks after , and :")):
            for is_ascii in (False, True):
                for slash in ("/", "\\/"):
                    text = _printed(document, blank=blanks, is_sorted=is_sorted, is_ascii=is_ascii, slash=slash)
                    if text != received:
                        said = [
                            blanks_name,
                            "keys sorted" * is_sorted,
                            "\\u escapes" * is_ascii,
                            "\\/" * (slash != "/"),
                        ]
                        yield [word for word in said if word], text
    if isinstance(document, dict | list):
        yield ["Python's repr, not JSON"], repr(document)


class _Number(str):
    """A JSON number as it was written: 12.30 stays 12.30."""

    def __repr__(self) -> str:
        return str(self)


def _printed(value: Any, *, blank: str, is_sorted: bool, is_ascii: bool, slash: str) -> str:
    if isinstance(value, _Number):
        return str(value)
    again = partial(_printed, blank=blank, is_sorted=is_sorted, is_ascii=is_ascii, slash=slash)
    if isinstance(value, dict):
        items = sorted(value.items()) if is_sorted else value.items()
        return "{" + f",{blank}".join(f"{again(k)}:{blank}{again(v)}" for k, v in items) + "}"
    if isinstance(value, list):
        return "[" + f",{blank}".join(map(again, value)) + "]"
    return json.dumps(value, ensure_ascii=is_ascii).replace("/", slash)


def _charsets(declared: Charset) -> list[Variant]:
    """Signed in another charset than the one that the request declares and was sent in."""
    found = [Variant(None, lambda value: value)]
    for other in ("utf-8", "gbk"):
        if other != declared:
            step = Step(Mistake.WRONG_CHARSET, f"{other.upper()} ≠ {declared.upper()}")
            found.append(Variant(step, partial(_recoded, declared, other)))
    latin = Step(Mistake.WRONG_CHARSET, "bytes read as ISO-8859-1", "按 ISO-8859-1 读取字节")
    found.append(Variant(latin, lambda value: value.decode("latin-1").encode(declared)))
    question = Step(
        Mistake.WRONG_CHARSET,
        "ASCII or ISO-8859-1, every Chinese character signed as ?",
        "ASCII 或 ISO-8859-1，中文字符都按 ? 签名",
    )
    found.append(Variant(question, lambda value: value.decode(declared).encode("latin-1", "replace")))
    return found


def _recoded(declared: str, other: str, value: bytes) -> bytes:
    return value.decode(declared).encode(other)


def _dresses() -> list[Variant]:
    """What was done to the whole string."""
    encoded = Step(Mistake.URL_ENCODED, "the whole string", "整个字符串")
    escaped = Step(Mistake.HTML_ESCAPED, "& signed as &amp;", "& 按 &amp; 签名")
    return [
        Variant(None, lambda text: text),
        Variant(encoded, lambda text: quote_plus(text).encode("ascii")),
        Variant(encoded, lambda text: quote_from_bytes(text, safe="").encode("ascii")),
        Variant(escaped, lambda text: text.replace(b"&", b"&amp;")),
        Variant(Step(Mistake.STRING_DRESSED, "a line break at its end", "末尾有换行"), lambda text: text + b"\n"),
        Variant(Step(Mistake.STRING_DRESSED, "a ? before it", "开头有 ?"), lambda text: b"?" + text),
        Variant(Step(Mistake.STRING_DRESSED, "a & at its end", "末尾有 &"), lambda text: text + b"&"),
    ]


def html_mended(entries: Sequence[Parameter]) -> list[Parameter] | None:
    """The parameters as they were before HTML got at them; None when it did not.

    An address escaped and never unescaped gives names like `amp;charset`; one unescaped by a naive parser has
    `&notify_url=` read as `¬ify_url=` and `&timestamp=` as `×tamp=`, both at the end of the value before them
    (latrell/Alipay#7).
    """
    mended: list[Parameter] = []
    for entry in entries:
        mangled = entry.value.replace("¬ify_url=".encode(), b"&notify_url=").replace("×tamp=".encode(), b"&timestamp=")
        value, *others = re.split(rb"&(?=notify_url=|timestamp=)", mangled) if mangled != entry.value else [entry.value]
        mended.append(Parameter(entry.name.removeprefix("amp;"), value, entry.place))
        for other in others:
            name, _, split_off = other.partition(b"=")
            mended.append(Parameter(name.decode(), split_off, entry.place))
    return mended if mended != list(entries) else None

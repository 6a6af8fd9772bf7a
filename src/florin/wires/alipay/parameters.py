"""One request's parameters, wherever they came: query, form body or multipart, merged by name and kept as raw bytes.

The SDKs disagree on the place. The official Python SDK and npm alipay-sdk put the common parameters in the query and
`biz_content` in a form body; python-alipay-sdk sends one GET with all in the query; PHP's page form repeats `charset`
in both; uploads are multipart. So a parameter counts wherever it comes, and the same name twice is fine when the bytes
are the same.

Values stay bytes until somebody asks for text: the signature is over bytes, and the charset that would decode them is
itself one of the parameters. A fault does not stop the reading, because the answer to a faulty request still has to be
signed for the app that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote_to_bytes

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

Charset = Literal["utf-8", "gbk", "gb2312", "gb18030"]
Place = Literal["query", "body"]

BODY_BYTES_MAX: Final = 1024 * 1024
PARAMETERS_MAX: Final = 200
NAME_BYTES_MAX: Final = 128

_CHARSETS: Final[dict[str, Charset]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "gb18030": "gb18030",
}
_BROKEN_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request cannot be read as it stands: the gateway's code for it, and one sentence with the particulars."""

    sub_code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    value: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Parameters:
    """Each name once, in the order in which it came.

    charset: what the request declares (query first), or `charset_when_absent`. fault: the first reason not to serve it.
    """

    entries: tuple[Parameter, ...]
    charset: Charset
    fault: Fault | None

    def raw(self, name: str) -> bytes:
        """The value as bytes; empty when it did not come: this protocol does not tell the two apart."""
        for entry in self.entries:
            if entry.name == name:
                return entry.value
        return b""

    def text(self, name: str) -> str | None:
        """The value in the request's charset; None when absent or empty. Raises UnicodeDecodeError."""
        value = self.raw(name)
        return value.decode(self.charset) if value else None

    def ascii(self, name: str) -> str | None:
        """The value of a parameter that is ASCII in every charset (`app_id`, `method`, …), or None; never raises."""
        value = self.raw(name)
        return value.decode("ascii", "backslashreplace") if value else None

    def pairs(self) -> list[tuple[str, bytes]]:
        return [(entry.name, entry.value) for entry in self.entries]

    def undecodable(self) -> Fault | None:
        """The first value whose bytes are not in the declared charset, with the charset that would fit; None when all
        are.
        """
        for entry in self.entries:
            try:
                entry.value.decode(self.charset)
            except UnicodeDecodeError as error:
                return Fault("isv.invalid-charset", _charset_sentence(entry, self.charset, error))
        return None


def read_parameters(
    *, query: bytes, content_type: str | None, body: bytes, charset_when_absent: Charset = "utf-8"
) -> Parameters:
    """Merge the query and the body of one request.

    query: raw, without `?`. content_type: the header as it came; a body without one is read as a form. body: whole; one
    larger than BODY_BYTES_MAX is a fault and is not looked into. Never raises: what is wrong is in `.fault`.
    """
    reader = _Reader()
    reader.read_form(query, place="query")
    if len(body) > BODY_BYTES_MAX:
        reader.note("isv.invalid-parameter", body_too_large_sentence(len(body)))
    elif body:
        reader.read_body(content_type or "", body)
    charset = reader.charset(charset_when_absent)
    return Parameters(entries=tuple(reader.entries.values()), charset=charset, fault=reader.fault)


def body_too_large_sentence(size: int) -> str:
    return f"请求体过大: the body may have {BODY_BYTES_MAX:,} bytes, this one has {size:,}"


def charset_of(name: str) -> Charset:
    """The charset of that name; UTF-8 for none, and for one that this wire does not speak."""
    return _CHARSETS.get(name.strip().lower(), "utf-8")


def origin_form(path: str) -> str:
    """The path of a request target that may be in absolute form.

    The official Python SDK writes `POST http://host/gateway.do?… HTTP/1.1`; servers on h11 (uvicorn's default) and
    hypercorn hand that on as the path. `http://host/gateway.do` becomes `/gateway.do`; anything else is returned as it
    is.
    """
    for scheme in ("http://", "https://"):
        if path[: len(scheme)].lower() == scheme:
            _, slash, rest = path[len(scheme) :].partition("/")
            return "/" + rest if slash else "/"
    return path


class _Reader:
    """Collects parameters and the first fault while a request is read."""

    def __init__(self) -> None:
        self.entries: dict[str, Parameter] = {}
        self.fault: Fault | None = None

    def note(self, sub_code: str, sentence: str) -> None:
        self.fault = self.fault or Fault(sub_code, sentence)

    def read_body(self, content_type: str, body: bytes) -> None:
        kind, options = parse_options_header(content_type)
        if kind == "multipart/form-data":
            self.read_multipart(options.get("boundary", ""), body)
        elif kind == "application/json":
            self.note("isv.invalid-format", "请求体不是表单: a form is wanted (biz_content=…), this body is JSON")
        else:
            self.read_form(body, place="body")

    def read_form(self, encoded: bytes, *, place: Place) -> None:
        for pair in encoded.split(b"&"):
            if not pair:
                continue
            name, _, value = pair.partition(b"=")
            if _BROKEN_PERCENT.search(pair):
                shown = name.decode("ascii", "backslashreplace")[:40]
                self.note("isv.invalid-parameter", f"URL 编码有误: “{shown}” has a % without two hex digits")
            if not self.add(_unquoted(name), _unquoted(value), place=place):
                return

    def read_multipart(self, boundary: str, body: bytes) -> None:
        try:
            for name, value in _multipart_fields(boundary, body):
                if not self.add(name.encode("utf-8", "surrogateescape"), value, place="body"):
                    return
        except (MultipartError, ValueError) as error:
            self.note("isv.invalid-parameter", f"multipart 格式有误: the multipart body cannot be read ({error})")

    def add(self, name_bytes: bytes, value: bytes, *, place: Place) -> bool:
        """Take one parameter; False when the request has too many and reading should stop."""
        name = name_bytes.decode("utf-8", "surrogateescape")
        known = self.entries.get(name)
        if known is not None:
            if known.value != value:
                shown = name.encode("utf-8", "backslashreplace").decode()
                self.note("isv.invalid-parameter", f"参数重复: “{shown}” came twice with different values")
            return True
        if len(self.entries) >= PARAMETERS_MAX:
            self.note("isv.invalid-parameter", f"参数过多: more than {PARAMETERS_MAX} parameters")
            return False
        if len(name_bytes) > NAME_BYTES_MAX:
            self.note("isv.invalid-parameter", f"参数名过长: a parameter's name may have {NAME_BYTES_MAX} bytes")
        self.entries[name] = Parameter(name, value, place)
        return True

    def charset(self, when_absent: Charset) -> Charset:
        entry = self.entries.get("charset")
        if entry is None or not entry.value:
            return when_absent
        named = entry.value.decode("ascii", "backslashreplace")
        charset = _CHARSETS.get(named.strip().lower())
        if charset is None:
            self.note("isv.invalid-charset", f"无效的字符集: “{named[:40]}” is not UTF-8, GBK, GB2312 or GB18030")
        return charset or when_absent


def _unquoted(encoded: bytes) -> bytes:
    spaced = encoded.replace(b"+", b" ")
    return unquote_to_bytes(spaced) if b"%" in spaced else spaced


def _multipart_fields(boundary: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and value of each field; the files among them are read over, since they are not signed and no method here
    takes one.
    """
    if not boundary:
        raise ValueError("no boundary in Content-Type")
    with PushMultipartParser(boundary, max_segment_count=PARAMETERS_MAX + 1) as parser:
        segment: MultipartSegment | None = None
        chunks: list[bytes] = []
        for chunk in (body, b""):
            for event in parser.parse(chunk) if chunk else ():
                if isinstance(event, MultipartSegment):
                    segment, chunks = event, []
                elif event is not None:
                    chunks.append(bytes(event))
                elif segment is not None and segment.filename is None:
                    yield segment.name, b"".join(chunks)


def _charset_sentence(entry: Parameter, charset: Charset, error: UnicodeDecodeError) -> str:
    shown = entry.name.encode("utf-8", "backslashreplace").decode()
    sentence = f"字符集不符: “{shown}” is not {charset.upper()} (byte {error.start}), though charset says so"
    other: Charset = "utf-8" if charset != "utf-8" else "gbk"
    try:
        entry.value.decode(other)
    except UnicodeDecodeError:
        return sentence
    return f"{sentence}; the bytes are {other.upper()}"

"""Reading a request: strictly, straight from its bytes; when it does not fit, each field is named with its fix.

Strict means: known fields only, each once, no text for numbers, no float for money (199.0 is refused, not rounded), UTF-8,
no control characters. The explanation is made on the failing path alone; a body that fits is decoded once.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec.inspect import Metadata

from florin.wires.rest.problems import FieldError, Refuse, invalid
from florin.wires.rest.wishes import told, wish

S = TypeVar("S", bound=msgspec.Struct)

AMOUNT_MINOR_MAX = 10_000_000_000
# Of unknown names so many are explained: looking for what each may have meant costs more than all else here.
UNKNOWN_EXPLAINED_MAX = 20
_PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"

# Types of fields; what they say here is what the OpenAPI document says.
AmountMinor = Annotated[
    int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX, description="Amount in minor units (fen): 19900 is ¥199.00.")
]
_ID_FIX = {"fix": 'Send the id as a string, as in "1099511627777".'}
_ADDRESS_FIX = {"fix": "Send an address that begins with http:// or https://, at most 400 characters, without blanks."}
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$", description="An id of ours, as text.", extra=_ID_FIX)]
IdOrNone = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,19}$", extra=_ID_FIX)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_PLAIN)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=_PLAIN)]
Note = Annotated[str, msgspec.Meta(max_length=256, pattern=_PLAIN)]
Address = Annotated[str, msgspec.Meta(max_length=400, pattern=r"^(https?://[^\s\x00-\x20\\]+)?$", extra=_ADDRESS_FIX)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Reader(Generic[S]):
    """Reads bodies as one struct.

    JSON does not forbid a name that comes twice, and readers disagree on which value counts; msgspec takes the last without
    a word. So the names are counted in the bytes (1.5 µs of a payment's body); the few bodies where that cannot tell
    are looked at closely.
    """

    def __init__(self, wanted: type[S]) -> None:
        self._decoder = msgspec.json.Decoder(wanted)
        names = "|".join(sorted(_names_in(msgspec.inspect.type_info(wanted))))
        self._names = re.compile(rf'"({names})"\s*:'.encode())

    def read(self, body: bytes, at: str = "") -> S:
        """The body as the struct. Raises Refuse: BodyNotJson, FieldRepeated, or FieldsInvalid with every field that is wrong.

        at: where the object stands, as in `items[3].`
        """
        try:
            found = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise explain(body, self._decoder.type, error, at) from None
        names = self._names.findall(body)
        if len(names) != len(set(names)) or _ESCAPED_ASCII in body:
            _refuse_repeated(body, self._decoder.type, at)
        return found


def read_query(query_string: bytes, wanted: type[S]) -> S:
    """The query as a struct: each name once, known names only. Raises Refuse with every name that is wrong."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query_string),
                          encoding="utf-8", errors="strict", max_num_fields=50)  # fmt: skip
    except (ValueError, UnicodeDecodeError):
        raise invalid("$query", "The query is not form-encoded UTF-8.", "Send ?name=value&other=value.") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise invalid(twice[:64], "This name came more than once.", "Send it once.")
    # Text in a query may stand for a number, but for nothing it is left out: `null` would be taken for a day that is not given.
    for name, value in found.items():
        if value.lower() == "null":
            raise invalid(name[:64], "The text “null” is no value.", "Leave the name out where there is no value.")
    try:
        converted = msgspec.convert(found, wanted, strict=False)
    except msgspec.ValidationError as error:
        errors = tuple(field_errors(found, wanted, strict=False))
        raise Refuse("FieldsInvalid", errors=errors or (_field_error(str(error), "", "", strict=False),)) from None
    for field in msgspec.structs.fields(wanted):
        text = found.get(field.encode_name, "")
        # A number would be taken for seconds since 1970.
        if text and isinstance(getattr(converted, field.name), datetime) and "-" not in text[1:]:
            raise invalid(field.encode_name, "This is no time.", "Write RFC 3339, as in 2026-03-02T09:00:00+08:00.")
    return converted


def explain(body: bytes, wanted: Any, error: Exception, at: str = "") -> Refuse:
    """Why the body does not fit, field by field. at: where the object stands, as in `items[3].`"""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        return Refuse("BodyNotJson", reason=_reason(broken))
    try:
        if isinstance(found, dict):
            _refuse_repeated(body, wanted, at)
    except Refuse as refuse:
        return refuse
    errors = tuple(field_errors(found, wanted, at))
    if errors:
        return Refuse("FieldsInvalid", errors=errors)
    return Refuse("FieldsInvalid", errors=(_field_error(str(error), at, ""),))


def field_errors(found: Any, wanted: type[msgspec.Struct], at: str = "", *, strict: bool = True) -> list[FieldError]:
    """Each field of a decoded object that a struct would not take: unknown, missing, or of a wrong form."""
    if not isinstance(found, dict):
        return [FieldError(field=at.rstrip(".") or "$", message="An object is expected.", fix='Send {"…": …}.')]
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    types = get_type_hints(wanted, include_extras=True)
    errors: list[FieldError] = []
    for name in found:
        if name not in fields:
            if len(errors) == UNKNOWN_EXPLAINED_MAX:
                break
            close = difflib.get_close_matches(name, fields, n=1)
            fix = f"Did you mean `{close[0]}`?" if close else f"Leave it out. Known fields: {', '.join(fields)}."
            errors.append(FieldError(field=f"{at}{name[:64]}", message="This field is unknown.", fix=fix))
    for name, field in fields.items():
        if name not in found:
            if field.required:
                errors.append(
                    FieldError(field=at + name, message="This field is missing.", fix=wish(types[field.name], name))
                )
            continue
        try:
            msgspec.convert(found[name], types[field.name], strict=strict)
        except msgspec.ValidationError as wrong:
            errors.append(_field_error(str(wrong), at + name, wish(types[field.name], name), strict=strict))
    return errors


class _Pairs(list[tuple[str, Any]]):
    """An object as its names and values came, each as often as it came."""


def _refuse_repeated(body: bytes, wanted: Any, at: str) -> None:
    """Raises Refuse when a name comes twice in one object that the struct knows, however it is written.

    What a struct takes unread, as a batch its items, has a reader of its own.
    """
    try:
        found = json.loads(body, object_pairs_hook=_Pairs, parse_int=str, parse_float=str)
        twice = _repeated_in(found, at, msgspec.inspect.type_info(wanted))
    except RecursionError as error:
        raise Refuse("BodyNotJson", reason=_reason(error)) from None
    if twice:
        raise Refuse("FieldRepeated", field=twice)


def _repeated_in(found: Any, at: str, info: Any) -> str:
    """The first name that comes twice, with where it stands; empty when none does. at: where `found` stands, with its dot."""
    if isinstance(found, _Pairs):
        fields = {field.encode_name: field.type for field in _fields_of(info)}
        seen: set[str] = set()
        for name, value in found if fields else ():
            if name in seen:
                return f"{at}{name[:64]}"
            seen.add(name)
            if name in fields and (twice := _repeated_in(value, f"{at}{name[:64]}.", fields[name])):
                return twice
    elif isinstance(found, list):
        if isinstance(info, Metadata):
            return _repeated_in(found, at, info.type)
        for place, value in enumerate(found):
            for inner in _inner(info):
                if twice := _repeated_in(value, f"{at.removesuffix('.')}[{place}].", inner):
                    return twice
    return ""


def _names_in(info: Any) -> set[str]:
    """Every name that an object of this type may hold, those of objects within it included."""
    names: set[str] = set()
    for inner in _inner(info):
        names |= _names_in(inner)
    for field in getattr(info, "fields", ()):
        names |= {field.encode_name} | _names_in(field.type)
    return names


def _inner(info: Any) -> Sequence[Any]:
    """The types that a union, a list or a described type is of."""
    one = (getattr(info, "item_type", None), getattr(info, "type", None) if isinstance(info, Metadata) else None)
    items = (*one, *getattr(info, "item_types", ()), *getattr(info, "types", ()))
    return [item for item in items if item is not None]


def _fields_of(info: Any) -> Sequence[Any]:
    """The fields of a struct, also of one among the types of a union; none of anything else."""
    own = getattr(info, "fields", ())
    within = () if hasattr(info, "item_type") or hasattr(info, "item_types") else _inner(info)
    return [*own, *(field for inner in within for field in _fields_of(inner))]


def _field_error(text: str, at: str, fix: str, *, strict: bool = True) -> FieldError:
    """msgspec's words, without its path, which the field names."""
    match = _WHERE.fullmatch(text)
    assert match is not None, text
    below = (match["path"] or "").lstrip("$")
    return FieldError(field=(at + below).strip(".") or "$", message=told(match["problem"], strict=strict), fix=fix)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "a text in it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).removeprefix("JSON is malformed: ").rstrip(".")


_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
# Our names are plain ASCII: only such an escape could hide one, as in "\u0061mount_minor".
_ESCAPED_ASCII = b"\\u00"

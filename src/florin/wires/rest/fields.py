"""Reading a request: strictly, straight from its bytes; when it does not fit, each field is named with its fix.

Strict means: known fields only, no text for numbers, no float for money (199.0 is refused, not rounded), UTF-8, no
control characters. The explanation is made on the failing path alone; a body that fits is decoded once.
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from florin.wires.rest.problems import FieldError, Refuse, invalid

S = TypeVar("S", bound=msgspec.Struct)

AMOUNT_MINOR_MAX = 10_000_000_000
# Of unknown names so many are explained: looking for what each may have meant costs more than all else here.
UNKNOWN_EXPLAINED_MAX = 20
_PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"

# Types of fields; what they say here is what the OpenAPI document says.
AmountMinor = Annotated[
    int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX, description="Amount in minor units (fen): 19900 is ¥199.00.")
]
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$", description="An id of ours, as text.")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_PLAIN)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=_PLAIN)]
Note = Annotated[str, msgspec.Meta(max_length=256, pattern=_PLAIN)]
Address = Annotated[str, msgspec.Meta(max_length=400, pattern=r"^(https?://[^\s\x00-\x20\\]+)?$")]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


def read(body: bytes, decoder: msgspec.json.Decoder[S]) -> S:
    """The body as the decoder's struct. Raises Refuse: BodyNotJson, or FieldsInvalid with every field that is wrong."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise explain(body, decoder.type, error) from None


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
    try:
        return msgspec.convert(found, wanted, strict=False)
    except msgspec.ValidationError as error:
        errors = tuple(field_errors(found, wanted, strict=False))
        raise Refuse("FieldsInvalid", errors=errors or (_field_error(str(error), "", ""),)) from None


def explain(body: bytes, wanted: Any, error: Exception, at: str = "") -> Refuse:
    """Why the body does not fit, field by field. at: where the object stands, as in `items[3].`"""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        return Refuse("BodyNotJson", reason=_reason(broken))
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
                    FieldError(field=at + name, message="This field is missing.", fix=_wish(types[field.name]))
                )
            continue
        try:
            msgspec.convert(found[name], types[field.name], strict=strict)
        except msgspec.ValidationError as wrong:
            errors.append(_field_error(str(wrong), at + name, _wish(types[field.name])))
    return errors


def _field_error(text: str, at: str, wish: str) -> FieldError:
    """msgspec's words, without its path, which the field names."""
    match = _WHERE.fullmatch(text)
    assert match is not None, text
    below = (match["path"] or "").lstrip("$")
    message = _FORMS.sub("text of another form", match["problem"])
    return FieldError(field=(at + below).strip(".") or "$", message=f"{message}.".replace("..", "."), fix=wish)


def _wish(wanted: Any) -> str:
    """What a field takes, in a few words."""
    if isinstance(wanted, UnionType) or get_origin(wanted) is Union:
        return next((wish for part in get_args(wanted) if (wish := _wish(part))), "")
    if get_origin(wanted) is Literal:
        return f"Send one of: {', '.join(map(str, get_args(wanted)))}."
    meta = next((item for item in getattr(wanted, "__metadata__", ()) if isinstance(item, msgspec.Meta)), None)
    base = getattr(wanted, "__origin__", wanted)
    if isinstance(base, UnionType) or get_origin(base) in (Union, Literal):
        return _wish(base)
    if meta is not None and meta.ge is not None and base is int:
        return f"Send a whole number from {meta.ge} to {meta.le}, in minor units and without quotes (¥199.00 is 19900)."
    if meta is not None and meta.pattern == r"^[0-9]{1,19}$":
        return 'Send the id as text, as in "1099511627777".'
    if meta is not None and meta.tz:
        return 'Send a time with its zone, as in "2026-03-05T20:00:00+08:00".'
    if meta is not None and meta.max_length is not None:
        return f"Send text of {meta.min_length or 0} to {meta.max_length} characters, no control characters."
    if base is bool:
        return "Send true or false."
    if base is int:
        return "Send a whole number, without quotes."
    return ""


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "a text in it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).removeprefix("JSON is malformed: ").rstrip(".")


_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_FORMS = re.compile(r"`str` matching regex .*", re.DOTALL)

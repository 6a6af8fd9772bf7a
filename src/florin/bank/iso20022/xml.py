"""XML as banks write it, read with suspicion: no document type (so no entities and no billion laughs), no endless nesting, a
bounded size; every element by its local name, and those of foreign namespaces left out.

What is wrong is refused by name, with the path of the element: the sender must be able to mend his file by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from florin.events.refusals import Refusal
from florin.money import AmountTextInvalid, parse_yuan, yuan_text

CURRENCY = "CNY"
BYTES_MAX = 256 * 1024 * 1024
DEPTH_MAX = 32
TEXT_MAX = 35  # Max35Text: ids

_SPACE = "urn:iso:std:iso:20022:tech:xsd:"


class BankFileNotXml(Refusal, frozen=True, kw_only=True):
    en = "This is no XML file that can be read: {problem} (line {line}). Ask the bank for it again."
    zh = "无法读取该XML文件：{problem}（第{line}行）。请向银行重新索取。"

    problem: str
    line: int


class BankFileUnsafe(Refusal, frozen=True, kw_only=True):
    """what: a document type (with which entities come), too deep, too large."""

    en = "This file has {what}, which no bank's file needs, so nothing of it was read. Find out who sent it."
    zh = "该文件含有{what}，银行文件不需要它，因此未作任何读取。请查明发送方。"

    what: str


class BankMessageUnknown(Refusal, frozen=True, kw_only=True):
    en = "This is a message {found}; wanted is {wanted}."
    zh = "报文类型为{found}，需要{wanted}。"

    found: str
    wanted: str


class BankElementMissing(Refusal, frozen=True, kw_only=True):
    en = "The file has no {path}. It was not taken; ask the bank for a whole one."
    zh = "文件缺少{path}，未受理，请向银行索取完整文件。"

    path: str


class BankElementInvalid(Refusal, frozen=True, kw_only=True):
    en = "{path} is {found}, which is no {wanted}. The file was not taken."
    zh = "{path}的内容为{found}，不是{wanted}，文件未受理。"

    path: str
    found: str
    wanted: str


class BankCountDiffers(Refusal, frozen=True, kw_only=True):
    en = "The file says that it holds {said} and holds {found}. It was not taken; ask the bank for a whole one."
    zh = "文件声明{said}笔，实际{found}笔，未受理，请向银行索取完整文件。"

    said: int
    found: int


class BankSumDiffers(Refusal, frozen=True, kw_only=True):
    en = "The file says that its sum is {said_minor}; its lines sum to {found_minor}. It was not taken."
    zh = "文件声明合计{said_minor}，明细合计{found_minor}，未受理。"

    said_minor: int
    found_minor: int


class BankBalancesDiffer(Refusal, frozen=True, kw_only=True):
    """Opening balance and what was booked do not come to the closing balance."""

    en = "The statement opens at {opening_minor}, books {booked_minor} and closes at {closing_minor}. It was not taken."
    zh = "对账单期初{opening_minor}、发生{booked_minor}、期末{closing_minor}，不平，未受理。"

    opening_minor: int
    booked_minor: int
    closing_minor: int


class FileRefused(Exception):
    """A file that is not taken; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.name}: {refusal.sentence()}")
        self.refusal = refusal


class Node:
    """One element. path: from the document's root, for refusals."""

    __slots__ = ("_text", "attributes", "children", "path", "tag")

    def __init__(self, tag: str, path: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.path = path
        self.attributes = attributes
        self.children: list[Node] = []
        self._text: list[str] = []

    def add_text(self, text: str) -> None:
        self._text.append(text)

    @property
    def text(self) -> str:
        return "".join(self._text).strip()

    def all(self, *path: str) -> Iterator[Node]:
        """Every element at the path below this one, in order."""
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:]) if path[1:] else (child,)

    def find(self, *path: str) -> Node | None:
        return next(self.all(*path), None)

    def one(self, *path: str) -> Node:
        """The first element at the path. Raises FileRefused where there is none."""
        found = self.find(*path)
        if found is None:
            refuse(BankElementMissing(path="/".join((self.path, *path))))
        return found

    def words(self, *path: str, most: int = TEXT_MAX) -> str:
        """A text that must be there and not be empty, of at most `most` letters."""
        found = self.one(*path)
        if not 0 < len(found.text) <= most:
            found.is_no(f"text of 1 to {most} letters")
        return found.text

    def words_if(self, *path: str) -> str:
        """A text, or empty where the element is not there."""
        found = self.find(*path)
        return "" if found is None else found.text

    def count(self, *path: str) -> int:
        found = self.one(*path)
        if not (found.text.isascii() and found.text.isdigit() and len(found.text) <= 15):
            found.is_no("count")
        return int(found.text)

    def amount_minor(self, *path: str) -> int:
        """An amount in our currency, as minor units, above zero or zero."""
        found = self.one(*path)
        if (currency := found.attributes.get("Ccy", CURRENCY)) != CURRENCY:
            refuse(BankElementInvalid(path=f"{found.path}@Ccy", found=currency[:40], wanted=CURRENCY))
        return found.as_minor()

    def as_minor(self) -> int:
        """This element's text as minor units. Zeros beyond the second decimal say nothing and are let be."""
        whole, point, decimals = self.text.partition(".")
        text = f"{whole}{point}{decimals[:2]}" if decimals and not decimals[2:].strip("0") else self.text
        try:
            return parse_yuan(text)
        except AmountTextInvalid:
            self.is_no("amount of at most two decimals")

    def day(self, *path: str) -> date:
        """A date; of an instant its date."""
        found = self.one(*path)
        try:
            return date.fromisoformat(found.text[:10])
        except ValueError:
            found.is_no("date")

    def instant(self, *path: str) -> datetime:
        """A date and time; without an offset it is taken as it stands. Raises FileRefused."""
        found = self.one(*path)
        try:
            return datetime.fromisoformat(found.text)
        except ValueError:
            found.is_no("date and time")

    def is_no(self, wanted: str) -> NoReturn:
        refuse(BankElementInvalid(path=self.path, found=repr(self.text[:40]), wanted=wanted))


def refuse(refusal: Refusal) -> NoReturn:
    raise FileRefused(refusal)


def message_of(content: bytes) -> str:
    """Which message a file is, as in "camt.053.001.08"; its root alone is looked at. Raises FileRefused."""
    return _read(content, root_only=True)[0]


def read(content: bytes, *messages: str) -> Node:
    """The body of a file that is one of these messages: the one element below `Document`. Raises FileRefused."""
    message, root = _read(content)
    if message not in messages:
        refuse(BankMessageUnknown(found=message, wanted=" or ".join(messages)))
    if len(root.children) != 1:
        refuse(BankElementMissing(path=f"Document/(one message, not {len(root.children)})"))
    return root.children[0]


class _EnoughRead(Exception):
    pass


def _read(content: bytes, *, root_only: bool = False) -> tuple[str, Node]:
    if len(content) > BYTES_MAX:
        refuse(BankFileUnsafe(what=f"more than {BYTES_MAX // 2**20} MiB"))
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    reader = _Reader(root_only)
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(content, True)
    except _EnoughRead:
        pass
    except expat.ExpatError as error:
        refuse(BankFileNotXml(problem=expat.ErrorString(error.code) or "unreadable", line=error.lineno))
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        refuse(BankFileNotXml(problem=str(error)[:80], line=1))
    assert reader.root is not None, "an XML file without a root is no XML"
    return reader.space.removeprefix(_SPACE), reader.root


class _Reader:
    """expat's handlers: builds nodes of the root's namespace."""

    def __init__(self, root_only: bool) -> None:
        self.root: Node | None = None
        self.space = ""
        self._root_only = root_only
        self._open: list[Node] = []
        self._foreign = 0

    def doctype(self, *_: object) -> None:
        refuse(BankFileUnsafe(what="a document type"))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition("}")
        if self.root is None:
            self._begin(space, tag, attributes)
            return
        if self._foreign or space != self.space:  # supplementary data of the bank's own
            self._foreign += 1
            depth = len(self._open) + self._foreign
        else:
            above = self._open[-1]
            node = Node(tag, f"{above.path}/{tag}", attributes)
            above.children.append(node)
            self._open.append(node)
            depth = len(self._open)
        if depth > DEPTH_MAX:
            refuse(BankFileUnsafe(what=f"elements nested more than {DEPTH_MAX} deep"))

    def _begin(self, space: str, tag: str, attributes: dict[str, str]) -> None:
        if tag != "Document" or not space.startswith(_SPACE):
            refuse(
                BankMessageUnknown(found=f"{tag} of {space or 'no namespace'}"[:200], wanted=f"Document of {_SPACE}…")
            )
        self.space = space
        self.root = Node(tag, tag, attributes)
        self._open.append(self.root)
        if self._root_only:
            raise _EnoughRead

    def end(self, name: str) -> None:
        if self._foreign:
            self._foreign -= 1
        else:
            self._open.pop()

    def characters(self, text: str) -> None:
        if not self._foreign:
            self._open[-1].add_text(text)


class Writer:
    """Writes a message: elements in the order in which the schema has them, two spaces a level, UTF-8."""

    def __init__(self, message: str) -> None:
        self._lines = ['<?xml version="1.0" encoding="UTF-8"?>']
        self._open: list[str] = []
        self.open("Document", xmlns=f"{_SPACE}{message}")

    def open(self, *tags: str, **attributes: str) -> Writer:
        """Open elements, each within the one before; attributes are the last one's."""
        for tag in tags:
            given = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if tag == tags[-1])
            self._lines.append(f"{'  ' * len(self._open)}<{tag}{given}>")
            self._open.append(tag)
        return self

    def close(self, levels: int = 1) -> Writer:
        for _ in range(levels):
            tag = self._open.pop()
            self._lines.append(f"{'  ' * len(self._open)}</{tag}>")
        return self

    def put(self, *path: str, text: str, **attributes: str) -> Writer:
        """One element with a text, inside those before it in the path."""
        *around, tag = path
        self.open(*around)
        given = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        self._lines.append(f"{'  ' * len(self._open)}<{tag}{given}>{escape(_clean(text))}</{tag}>")
        return self.close(len(around))

    def put_if(self, *path: str, text: str) -> Writer:
        """The same, left out where there is nothing to say."""
        return self.put(*path, text=text) if text else self

    def amount(self, *path: str, minor: int) -> Writer:
        return self.put(*path, text=yuan_text(minor), Ccy=CURRENCY)

    def bytes(self) -> bytes:
        self.close(len(self._open))
        return ("\n".join(self._lines) + "\n").encode()


def _clean(text: str) -> str:
    """XML 1.0 has no control characters, however they came into a name."""
    return "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )

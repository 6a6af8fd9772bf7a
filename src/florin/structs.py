"""Types of records, made known before threads use them.

msgspec works out how to read a type when it first reads one. A second thread that reads the same type meanwhile meets it half
done, and the process dies of a segmentation fault (msgspec 0.22): two committers did so in the first batches of a loaded house.
So a process that will have threads makes its types known while it has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from threading import Lock
from weakref import WeakSet

import msgspec

_prepared: WeakSet[type[msgspec.Struct]] = WeakSet()
_one_at_a_time = Lock()


def prepare_structs() -> None:
    """Make every record type imported by now known to msgspec; 0.15 ms each, and nothing to speak of the second time."""
    with _one_at_a_time:
        for struct in _descendants(msgspec.Struct):
            if struct not in _prepared:
                with suppress(TypeError):  # nothing reads it: a union of records without a tag, say
                    msgspec.json.Decoder(struct)
                    _prepared.add(struct)


def _descendants(parent: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in parent.__subclasses__():
        yield child
        yield from _descendants(child)

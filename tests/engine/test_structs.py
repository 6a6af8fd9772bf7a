"""Types of records are known before threads read them: msgspec dies where one thread reads what another is working out."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import sys, threading, msgspec
from typing import Annotated
from florin.structs import prepare_structs

threads_run = False

def meet():
    # Asked for while msgspec works out the part; just then another thread reads the whole.
    if threads_run:
        other = threading.Thread(target=msgspec.convert, args=({"part": {"amount_minor": 3}}, Whole))
        other.start()
        other.join()
    return msgspec.Meta(ge=1)

Part = msgspec.defstruct("Part", [("amount_minor", "Annotated[int, meet()]")], module=__name__)
Whole = msgspec.defstruct("Whole", [("part", Part)], module=__name__)
if sys.argv[1] == "prepared":
    prepare_structs()
threads_run = True
assert msgspec.convert({"part": {"amount_minor": 4}}, Whole).part.amount_minor == 4
"""


def died_of(how: str) -> int:
    run = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, timeout=60)
    assert run.returncode in (0, -signal.SIGSEGV), run.stderr
    return -run.returncode


def test_a_record_that_is_prepared_is_read_while_another_thread_reads_it_for_the_first_time():
    assert died_of("prepared") == 0


def test_without_it_the_process_dies():
    """Once this fails, msgspec has mended it, and florin.structs can go."""
    assert died_of("as it comes") == signal.SIGSEGV

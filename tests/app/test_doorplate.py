"""The door plate: one serves a folder, the next is told who and where, and commands read where the house is reached."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from florin.app.doorplate import DoorPlate, ServedAlready, addresses_of
from florin.app.listening import Address
from florin.store import DataFolder

API, PAGES = Address("127.0.0.1", 9101), Address("127.0.0.1", 9100)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "house")


def test_a_second_is_refused_with_the_process_and_the_addresses_of_the_first(folder: DataFolder):
    first = DoorPlate(folder)
    first.show(api=[API], pages=PAGES, api_url=API.url, public_url=PAGES.url)

    with pytest.raises(ServedAlready, match=rf"process {os.getpid()}.*{API.url}.*{PAGES.url}"):
        DoorPlate(folder)
    first.release()
    DoorPlate(folder).release()


def test_one_that_is_still_starting_is_named_too(folder: DataFolder):
    first = DoorPlate(folder)

    with pytest.raises(ServedAlready, match=f"process {os.getpid()}"):
        DoorPlate(folder)
    first.release()


def test_a_plate_that_cannot_be_read_still_refuses(folder: DataFolder):
    first = DoorPlate(folder)
    (folder.path / "serving.json").write_bytes(b"{")

    with pytest.raises(ServedAlready, match="just starting"):
        DoorPlate(folder)
    first.release()


def test_commands_read_where_the_house_was_last_reached(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    before = addresses_of(folder)
    plate = DoorPlate(folder)
    plate.show(api=[API], pages=PAGES, api_url="https://pay.example", public_url="https://shop.example")
    plate.release()

    assert before == ("http://127.0.0.1:8001", "http://127.0.0.1:8000")
    assert addresses_of(folder) == ("https://pay.example", "https://shop.example")
    monkeypatch.setenv("FLORIN_API_PUBLIC_URL", "https://other.example")
    assert addresses_of(folder) == ("https://other.example", "https://shop.example")

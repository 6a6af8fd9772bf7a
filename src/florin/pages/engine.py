"""The engine of this process, made when the first page needs it: a page that needs none opens no connection."""

from __future__ import annotations

import os
import threading

from florin.engine import Engine
from florin.store import ENGINE, DataFolder, default_data_dir, dsn_of

_lock = threading.Lock()
_engine: Engine | None = None


def get_engine() -> Engine:
    """The one engine of this process, at FLORIN_ENGINE_URL or the embedded server's address."""
    global _engine
    if _engine is None:
        with _lock:
            if _engine is None:
                dsn = os.environ.get("FLORIN_ENGINE_URL") or dsn_of(DataFolder(default_data_dir()), role=ENGINE)
                _engine = Engine(dsn, name="pages")
    return _engine


def use_engine(engine: Engine | None) -> None:
    """Serve pages with this engine: for a process that has one already, and for tests."""
    global _engine
    _engine = engine

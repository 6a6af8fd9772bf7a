"""The application: the one place where the parts are joined.

Wires, pages and engine do not know each other; here they meet. `florin serve` (`serve.py`) opens the store and
supervises three processes (`supervisor.py`): the API with both wires (`api.py`), the pages (`pages.py`) and the worker
(`worker.py`), which moves the clock, closes days, settles, and delivers what shops are to be told. Children know the
database by their environment alone (`settings.py`), and never as its owner.
"""

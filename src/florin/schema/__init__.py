"""The schema: plain SQL, run by migrations, read as one story from lane to outbox.

Money tables lead every key with `lane`. Guards stand as named constraints: the database keeps the promise, Python explains
it. Three roles share the house: the owner migrates, the engine writes, the pages only read money.
"""

"""The sandbox: a whole Florin in a temporary folder, for testing a shop against.

`florin sandbox up` starts one at a fixed date with one merchant app and two shoppers (`instance.py`, `provision.py`), writes
what a shop must be configured with (`environment.py`), and is then driven by verbs (`verbs.py`) over a control endpoint on
loopback (`control.py`): pay as a shopper, move the clock, break something on purpose (`faults.py`). `story.py` and
`demo.py` tell a month of pay-later on the same instance. It runs the code that serves in earnest, and nothing beside it.
"""

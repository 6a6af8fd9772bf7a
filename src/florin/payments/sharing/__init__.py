"""Profit sharing: a sale's money waits until the merchant has given others their parts of it.

    freeze.py       what of a sale is frozen when it becomes the merchant's, and until when
    receivers.py    with whom a merchant may share: added, removed
    share.py        parts given out of what is frozen; what is left is released, by the merchant or by the clock
    give_back.py    a receiver's part that comes back
    state.py        what of a payment is frozen, and who has what of it

Both wires speak of one thing here: Alipay's royalties and WeChat Pay's profit sharing are the same commands.
"""

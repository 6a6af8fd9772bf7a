"""The WeChat Pay wire: `/v3/…` for shops that already speak APIv3, with their own SDK and nothing changed but the address.

How one call is read, file by file:

    signing.py       the Authorization header, the strings that are signed, sign and verify
    clients.py       who may call: their keys by serial number, their APIv3 keys, and ours that answer them
    diagnosis.py     what a wrong signature was made over, when it can be told
    freshness.py     timestamps and nonces: nothing is heard twice
    table.py         every path and what serves it
    shapes.py        bodies to typed requests; fen; times with their zone
    orders.py, combined.py, till.py, existing.py, refunds.py, bills.py, transfers.py, sharing.py, sharing_bills.py
                     the methods: a command, `engine.execute`, an answer
    words.py         a trade in this protocol's words
    answers.py       the answer's exact bytes and its headers
    notify.py, renderer.py                  what the shop is told afterwards, encrypted and signed
    phone.py         where a signed prepay_id opens the cashier
    gateway.py       all of it, joined

A merchant's number (`mchid`) is his app's number here, and his `appid` follows from it. Compatible with the protocol; not made,
checked or endorsed by its owner.
"""

"""Wires: how programs speak to Florin, one folder per protocol; `desk` and `keys` are what protocols have in common.

A wire verifies the raw bytes it was sent, parses them, turns them into our commands, and answers in its own words once
our record is committed. A foreign word (`TRADE_SUCCESS`, `hb_fq_num`, fen or yuan text) stops here: nothing below knows
it.
"""

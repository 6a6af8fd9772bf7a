"""Wallets: money that a shopper keeps with the payment institution, safeguarded one for one.

A wallet has a balance and nothing else; it is never below zero (the database refuses it). What an event does to it stands
in `wallet.py`, each action in a file of its own name.
"""

"""Refund requests: what a buyer asks back, what the seller says to it, and who decides where they disagree.

A request is asked for one payment, and while it is open the clock that would confirm receipt stands still. The seller agrees,
refuses, or lets his time pass, which is agreeing; goods may have to go back first. What he has refused the buyer may dispute:
then both show evidence, money that the seller was paid already is held, and the operator decides. Each action is a file; who
must act by when is data (`terms.py`), and what happens when nobody does is `lapse.py`, for the day close. What is given back in
the end is an ordinary refund (`florin.payments.refund`).
"""

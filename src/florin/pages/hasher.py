"""Argon2id for passwords and PINs, as the OWASP cheat sheet has it for servers: two passes, 19 MiB, one lane.

Django's own parameters take 100 MiB for each sign-in, which a process of 250 MiB cannot spare.
"""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

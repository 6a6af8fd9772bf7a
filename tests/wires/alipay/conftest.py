"""Keys that every test of this wire may use: making one takes a tenth of a second, so they are made once."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.alipay import keys


@pytest.fixture(scope="session")
def shop_key() -> rsa.RSAPrivateKey:
    """The tea house signs its requests with it."""
    return keys.new_private_key()


@pytest.fixture(scope="session")
def platform_key() -> rsa.RSAPrivateKey:
    """We sign answers and notifies with it."""
    return keys.new_private_key()


@pytest.fixture(scope="session")
def stranger_key() -> rsa.RSAPrivateKey:
    return keys.new_private_key()

"""Keys of both directions: those that clients show us, and those that we sign with.

`api` makes, finds and revokes API keys; `forms` reads and writes RSA keys as SDKs print and take them; `platform` makes and
rotates the RSA keys that sign our answers and notifies; they lie sealed under the `master` key, a file, from which `cashier`
also derives what makes its addresses unguessable. The functions take a connection of the role `florin_engine` or
`florin_owner`: the pages' role sees no keys.
"""

from florin.wires.keys.api import (
    REMEMBER_S,
    ApiKey,
    KeyPrefixAmbiguous,
    KeyPrefixTooShort,
    KnownApiKeys,
    NoSuchApp,
    NoSuchKey,
    Scope,
    ScopeNeedsApp,
    create_api_key,
    find_api_key,
    hash_of,
    list_api_keys,
    looks_like_api_key,
    revoke_api_key,
)
from florin.wires.keys.cashier import CashierAddresses
from florin.wires.keys.master import (
    MasterKey,
    MasterKeyExposed,
    MasterKeyUnreadable,
    SealedByAnotherKey,
    load_master_key,
    master_key_file,
)
from florin.wires.keys.platform import (
    KeyStillSigns,
    LiveKey,
    NoPlatformKey,
    PlatformKey,
    SigningKeys,
    ensure_platform_key,
    list_platform_keys,
    live_platform_keys,
    platform_private_key,
    platform_public_key_text,
    private_key_of,
    reinstate_platform_key,
    retire_platform_key,
    rotate_platform_key,
)

__all__ = [
    "REMEMBER_S",
    "ApiKey",
    "CashierAddresses",
    "KeyPrefixAmbiguous",
    "KeyPrefixTooShort",
    "KeyStillSigns",
    "KnownApiKeys",
    "LiveKey",
    "MasterKey",
    "MasterKeyExposed",
    "MasterKeyUnreadable",
    "NoPlatformKey",
    "NoSuchApp",
    "NoSuchKey",
    "PlatformKey",
    "Scope",
    "ScopeNeedsApp",
    "SealedByAnotherKey",
    "SigningKeys",
    "create_api_key",
    "ensure_platform_key",
    "find_api_key",
    "hash_of",
    "list_api_keys",
    "list_platform_keys",
    "live_platform_keys",
    "load_master_key",
    "looks_like_api_key",
    "master_key_file",
    "platform_private_key",
    "platform_public_key_text",
    "private_key_of",
    "reinstate_platform_key",
    "retire_platform_key",
    "revoke_api_key",
    "rotate_platform_key",
]

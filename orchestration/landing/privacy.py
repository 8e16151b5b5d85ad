"""Buyer identity becomes a pseudonym at the door; the raw value goes no further."""

import hashlib
import hmac
from collections.abc import Iterable

MASK = "(withheld: identifies a person)"
MINIMUM_KEY_BYTES = 16


class Pseudonymiser:
    """Keyed HMAC-SHA256 pseudonyms, scoped so that no buyer can be followed across shops.

    `key` is a secret of at least 16 bytes; whoever lacks it can neither reverse nor recompute a
    pseudonym. Raises ValueError for a shorter key.
    """

    def __init__(self, key: bytes, *, tenant: str, platform: str, shop_id: str) -> None:
        if len(key) < MINIMUM_KEY_BYTES:
            raise ValueError(
                f"the pseudonym key has {len(key)} bytes and needs at least {MINIMUM_KEY_BYTES}: "
                "set a longer secret and keep it, since a new key gives every buyer a new name"
            )
        scope = b"\x00".join(part.encode() for part in (tenant, platform, shop_id))
        # one key per scope, so that the scope costs nothing per value
        self._scoped_key = hmac.digest(key, scope, hashlib.sha256)

    def pseudonym(self, raw: str) -> str:
        """The stable name of one buyer: "c_" and 20 hexadecimal digits."""
        return "c_" + hmac.digest(self._scoped_key, raw.encode(), hashlib.sha256).hex()[:20]

    def mapping(self, raw_values: Iterable[str]) -> dict[str, str]:
        """Raw value -> pseudonym, one computation per distinct value."""
        return {raw: self.pseudonym(raw) for raw in set(raw_values)}

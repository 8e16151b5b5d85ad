"""Buyer identity becomes a pseudonym at the door; the raw value goes no further."""

import hashlib
import hmac
from collections.abc import Iterable

MASK = "(withheld: identifies a person)"
MINIMUM_KEY_BYTES = 16
SHOP = "shop"

_BLOCK = 64  # bytes of a SHA-256 block


class Pseudonymiser:
    """Keyed HMAC-SHA256 pseudonyms, scoped so that no buyer can be followed across shops.

    `key` is a secret of at least 16 bytes; whoever lacks it can neither reverse nor recompute a
    pseudonym. The scope "shop" gives names of one tenant, platform and shop; any other scope
    ("unionid", "member") gives names that all shops of the tenant share. Raises ValueError for a
    shorter key.
    """

    def __init__(self, key: bytes, *, tenant: str, platform: str, shop_id: str) -> None:
        if len(key) < MINIMUM_KEY_BYTES:
            raise ValueError(
                f"the pseudonym key has {len(key)} bytes and needs at least {MINIMUM_KEY_BYTES}: "
                "set a longer secret and keep it, since a new key gives every buyer a new name"
            )
        self._key = key
        self._tenant = tenant
        self._shop = (tenant, platform, shop_id)

    def pseudonym(self, raw: str, scope: str = SHOP) -> str:
        """The stable name of one buyer: "c_" and 20 hexadecimal digits."""
        digest = hmac.digest(self._scoped_key(scope), raw.encode(), hashlib.sha256)
        return "c_" + digest.hex()[:20]

    def mapping(self, raw_values: Iterable[str], scope: str = SHOP) -> dict[str, str]:
        """Raw value -> pseudonym, one computation per distinct value."""
        return {raw: self.pseudonym(raw, scope) for raw in set(raw_values)}

    def pads(self, scope: str) -> tuple[bytes, bytes]:
        """The inner and the outer block of the scope's HMAC, for pseudonym_in_sql."""
        padded = self._scoped_key(scope).ljust(_BLOCK, b"\x00")
        return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)

    def _scoped_key(self, scope: str) -> bytes:
        # no platform has an empty name, so no shop's scope equals a shared one
        parts = self._shop if scope == SHOP else (self._tenant, "", scope)
        return hmac.digest(self._key, b"\x00".join(p.encode() for p in parts), hashlib.sha256)


def pseudonym_in_sql(text: str, inner: str, outer: str) -> str:
    """Pseudonymiser.pseudonym as SQL over a text and the two blocks of its scope's HMAC."""
    digest = f"sha256({outer} || unhex(sha256({inner} || encode({text}))))"
    return f"'c_' || left({digest}, 20)"

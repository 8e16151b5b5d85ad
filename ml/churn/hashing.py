"""Gives every pseudonym a fixed place between 0 and 1, for splits that never move."""

from hashlib import blake2b

import numpy as np
import pandas as pd


def place_between_0_and_1(customer_ids: pd.Series, *, salt: str) -> np.ndarray:
    """A uniform number in [0, 1) per customer, (n,), the same on every machine and every day.

    Another `salt` gives an independent number, so that one split does not follow another.
    """
    position, unique = pd.factorize(customer_ids.to_numpy(object))
    key = salt.encode()[:64]
    places = [
        int.from_bytes(blake2b(str(name).encode(), digest_size=8, key=key).digest()) / 2**64
        for name in unique
    ]
    # a 64-bit integer divided by 2**64 may round up to 1.0
    return np.minimum(np.asarray(places, dtype=float), np.nextafter(1.0, 0.0))[position]

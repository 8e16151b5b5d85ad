"""Brands in fashion and out of it: whom they win from other shops, whom they lose to these."""

import numpy as np

from orchestration.sandbox.world.catalogue import CATEGORIES
from orchestration.sandbox.world.choice import Chooser
from orchestration.sandbox.world.needs import Wants
from orchestration.sandbox.world.shelf import WAREHOUSES


class Fashion:
    """Scales what is wanted of a brand and leaves the other brands alone."""

    def __init__(self, chooser: Chooser) -> None:
        self.chooser, self.offers, self.market = chooser, chooser.offers, chooser.market

    def changes(self, day: int) -> bool:
        """Whether any brand's demand is scaled today."""
        return bool((self.market.fashion[day] != 1).any())

    def sway(self, rng, day: int, boost, inside: Wants, variant: np.ndarray, outside: Wants):
        """(inside, variant, outside) after some customers came and others went.

        A brand that is to sell f times as much takes, in each category, f - 1 times its customers
        of today from among those who would have bought elsewhere, all of them at most. Of one that
        is to sell less, each customer stays with probability f.
        """
        factor, brand = self.market.fashion[day], self.offers.brand[variant]
        stays = rng.random(len(inside)) < factor[brand]
        customers = np.zeros((len(factor), len(CATEGORIES)))
        np.add.at(customers, (brand, inside.category), 1)
        wins = np.maximum(factor - 1, 0)[:, None] * customers
        there = np.bincount(outside.category, minlength=len(CATEGORIES))
        edges = np.cumsum(wins / np.maximum(there, 1), axis=0)[:, outside.category]
        to_brand = (edges <= rng.random(len(outside))).sum(axis=0)  # one too many: to none
        taken = np.full(len(outside), -1)
        for number in np.flatnonzero(factor > 1):
            rows = np.flatnonzero(to_brand == number)
            its_own = np.tile(self.offers.brand == number, (len(WAREHOUSES), 1))
            anywhere = np.full(len(rows), -1)
            taken[rows] = self.chooser.choose(
                rng, outside.take(rows), day, boost, anywhere, its_own
            )
        won = taken >= 0
        return (
            Wants.concat([inside.take(stays), outside.take(won)]),
            np.concatenate([variant[stays], taken[won]]),
            Wants.concat([outside.take(~won), inside.take(~stays)]),
        )

"""Which listing a household takes: taste, price, habit, shop, size of the pack."""

import numpy as np

from orchestration.sandbox.world.catalogue import CATEGORIES, Catalogue
from orchestration.sandbox.world.families import MONTHS, Families
from orchestration.sandbox.world.listings import PLATFORMS, Listings
from orchestration.sandbox.world.market import Market
from orchestration.sandbox.world.needs import Wants
from orchestration.sandbox.world.rows import first_in_group

_AT_ONCE = 20_000
_TAKES_DEPOSITS = np.array([p != "jd" for p in PLATFORMS])


class Chooser:
    """Draws listings by random utility, for many households at once."""

    def __init__(self, families: Families, offers: Listings, goods: Catalogue, market: Market):
        self.state, self.offers, self.goods, self.market = families, offers, goods, market
        months = np.arange(MONTHS)[:, None]
        self.of_category = [
            np.flatnonzero((offers.category == c) & ~offers.is_gift) for c in range(len(CATEGORIES))
        ]
        self.unfit = [
            np.where(
                (months >= offers.months_from[v]) & (months < offers.months_to[v]), 0.0, -np.inf
            ).astype(np.float32)
            for v in self.of_category
        ]
        self.base = np.log(offers.weight).astype(np.float32)

    def basket(self, rng, wants: Wants, day: int, boost: np.ndarray) -> np.ndarray:
        """A variant for each row (-1: none fits), a household's rows mostly from one shop.

        The row that is most urgent decides on the shop; what the household also wants is taken
        there or left for another day. `boost` is what draws people to each shop today.
        """
        urgency = np.lexsort((wants.left, wants.household))
        lead = np.zeros(len(wants), dtype=bool)
        lead[urgency[first_in_group(wants.household[urgency])]] = True
        lead |= wants.deposit
        anywhere = np.full(len(wants), -1)
        chosen = np.full(len(wants), -1)
        chosen[lead] = self.choose(rng, wants.take(lead), day, boost, anywhere[lead])
        # rows are sorted by household: hand the lead's shop on
        shop_of = np.full(len(self.state), -1, dtype=np.int64)
        found = lead & (chosen >= 0) & ~wants.deposit
        shop_of[wants.household[found]] = self.offers.shop[chosen[found]]
        rest = np.flatnonzero(~lead & (shop_of[wants.household] >= 0))
        chosen[rest] = self.choose(
            rng, wants.take(rest), day, boost, shop_of[wants.household[rest]]
        )
        return chosen

    def choose(self, rng, wants: Wants, day: int, boost, shop, allowed=None) -> np.ndarray:
        """The best variant for each row, in `shop` where that is not -1.

        `allowed` [warehouse, variant], when given, rules out what is not meant for those whom
        the warehouse serves.
        """
        chosen = np.full(len(wants), -1)
        values = self._values(day, boost)
        for category, variants in enumerate(self.of_category):
            rows = np.flatnonzero(wants.category == category)
            for start in range(0, len(rows), _AT_ONCE):
                part = rows[start : start + _AT_ONCE]
                utility = self._utility(rng, wants.take(part), category, variants, values, day)
                its_shop = shop[part][:, None]
                utility[(its_shop >= 0) & (its_shop != self.offers.shop[variants])] = -np.inf
                no_deposit = wants.deposit[part][:, None] & ~(
                    _TAKES_DEPOSITS[self.offers.shop[variants]]
                    & (self.market.discount[day, self.offers.parts[variants, 0]] > 0)
                )
                utility[no_deposit] = -np.inf
                if allowed is not None:
                    south = self.state.south[wants.household[part]].astype(np.int64)
                    utility[~allowed[south][:, variants]] = -np.inf
                best = utility.argmax(axis=1)
                sound = np.isfinite(utility[np.arange(len(part)), best])
                chosen[part] = np.where(sound, variants[best], -1)
        return chosen

    def _values(self, day: int, boost: np.ndarray) -> np.ndarray:
        """What every household thinks of each variant today; -inf where it is not for sale."""
        offers = self.offers
        on_sale = (offers.starts <= day) & (day < offers.ends) & ~self.market.dark[day, offers.shop]
        value = self.base + boost[offers.shop] + self.market.appeal[day, offers.parts[:, 0]]
        return np.where(on_sale, value, -np.inf).astype(np.float32)

    def _utility(self, rng, wants: Wants, category: int, variants, values, day: int):
        state, offers = self.state, self.offers
        h = wants.household
        percent = self.market.discount[day, offers.parts[variants, 0]]
        price = offers.list_cents[variants] * (100 - percent) / offers.use[variants]
        dearer = (price / price.mean() - 1.0).astype(np.float32)
        utility = rng.standard_exponential((len(h), len(variants)), dtype=np.float32)
        np.log(utility + np.float32(1e-20), out=utility)
        np.negative(utility, out=utility)
        utility += values[variants]
        utility += self.unfit[category][wants.month]
        taste = state.brand_taste[h] + 1.1 * (
            np.arange(state.brand_taste.shape[1]) == state.last_brand[h, category][:, None]
        )
        utility += taste.astype(np.float32)[:, offers.brand[variants]]
        utility += state.shop_taste[h][:, offers.shop[variants]]
        utility -= ((0.8 + 3.4 * state.thrift[h])[:, None] * dearer).astype(np.float32)
        surplus = np.log(offers.use[variants][None, :] / np.maximum(wants.units, 0.3)[:, None])
        utility -= (0.9 * np.clip(surplus, -0.6, 3.0)).astype(np.float32)
        return utility

"""Says why a customer is at risk: stable codes, the numbers behind them, and words for people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.churn.babies import BABY_NUMBERS
from ml.churn.features import CODED
from ml.churn.interactions import TALK_NUMBERS
from ml.churn.timeline import KEYS
from ml.columns import CUSTOMER_NUMBERS

LANGUAGES = ("zh", "en")
REASONS_KEPT = 3
_RATE_PRIOR_ROWS = 50


@dataclass(frozen=True)
class Reason:
    """One thing that can raise the risk.

    The contributions of `columns` are added up. It is said only when they raise the risk and
    `shown` lies on the `when` side ("above" or "below") of `typical`: a column of the customer's
    own, or the training rows' median of `shown`. Both are compared as they are written, in whole
    units or percents: "43 % left, 43 % overall" is no reason. Of several reasons on the same
    columns the first that holds is said.
    """

    code: str
    columns: tuple[str, ...]
    shown: str
    when: str
    zh: str
    en: str
    typical: str | None = None

    @property
    def steps(self) -> int:
        """How many steps of what is written make one unit of `shown`."""
        return 100 if ":.0%}" in self.en else 1


_SILENCE = ("recency_days", "recency_over_gap")
CATALOGUE = (
    Reason(
        "overdue", _SILENCE, "recency_days", "above",
        "已 {value:.0f} 天未购买，按习惯约 {typical:.0f} 天买一次",
        "no purchase for {value:.0f} days, usually buys about every {typical:.0f} days",
        typical="expected_gap_days",
    ),
    Reason(
        "quiet", _SILENCE, "recency_days", "above",
        "已 {value:.0f} 天未购买，一般顾客为 {typical:.0f} 天",
        "no purchase for {value:.0f} days, {typical:.0f} is typical",
    ),
    Reason(
        "slow_rhythm", ("mean_gap_days", "expected_gap_days"), "expected_gap_days", "above",
        "购买间隔较长：约 {value:.0f} 天，一般为 {typical:.0f} 天",
        "long gaps between purchases: about {value:.0f} days, {typical:.0f} is typical",
    ),
    Reason(
        "irregular", ("sd_gap_days",), "sd_gap_days", "above",
        "购买节奏不规律：间隔波动 {value:.0f} 天，一般为 {typical:.0f} 天",
        "irregular rhythm: gaps vary by {value:.0f} days, {typical:.0f} is typical",
    ),
    Reason(
        "few_orders", ("frequency",), "frequency", "below",
        "累计购买仅 {value:.0f} 次，一般为 {typical:.0f} 次",
        "purchases so far: {value:.0f}, typical {typical:.0f}",
    ),
    Reason(
        "new_customer", ("tenure_days",), "tenure_days", "below",
        "新客：首购至今 {value:.0f} 天，一般为 {typical:.0f} 天",
        "new: first bought {value:.0f} days ago, {typical:.0f} is typical",
    ),
    Reason(
        "fewer_orders", ("orders_30d", "orders_90d"), "orders_90d", "below",
        "近 90 天购买 {value:.0f} 次，一般为 {typical:.0f} 次",
        "purchases in 90 days: {value:.0f}, typical {typical:.0f}",
    ),
    Reason(
        "lower_spend", ("amount_30d", "amount_90d"), "amount_90d", "below",
        "近 90 天消费 {value:.0f} 元，一般为 {typical:.0f} 元",
        "spent {value:.0f} yuan in 90 days, {typical:.0f} is typical",
    ),
    Reason(
        "small_baskets", ("mean_order_amount", "monetary_amount"), "mean_order_amount", "below",
        "客单价偏低：{value:.0f} 元，一般为 {typical:.0f} 元",
        "small baskets: {value:.0f} yuan an order, {typical:.0f} is typical",
    ),
    Reason(
        "narrow_range", ("category_count", "brand_count"), "category_count", "below",
        "只买过 {value:.0f} 个品类，一般为 {typical:.0f} 个",
        "categories bought: {value:.0f}, typical {typical:.0f}",
    ),
    Reason(
        "discount_driven", ("discount_share",), "discount_share", "above",
        "多在打折时购买：占 {value:.0%}，一般为 {typical:.0%}",
        "buys on discount: {value:.0%} of purchases, {typical:.0%} is typical",
    ),
    Reason(
        "refunds", ("refund_rate",), "refund_rate", "above",
        "退款偏多：{value:.0%}，一般为 {typical:.0%}",
        "many refunds: {value:.0%}, {typical:.0%} is typical",
    ),
    Reason(
        "gifts", ("gift_share",), "gift_share", "above",
        "赠品占比高：{value:.0%}，一般为 {typical:.0%}",
        "many gifts: {value:.0%} of what was received, {typical:.0%} is typical",
    ),
    Reason(
        "category_churn", ("last_category",), "last_category_rate", "above",
        "上次所购品类的顾客流失率 {value:.0%}，整体 {typical:.0%}",
        "{value:.0%} of buyers of the last category left, {typical:.0%} overall",
    ),
    Reason(
        "platform_churn", ("platform",), "platform_rate", "above",
        "该平台的顾客流失率 {value:.0%}，整体 {typical:.0%}",
        "{value:.0%} of this platform's buyers left, {typical:.0%} overall",
    ),
    Reason(
        "older_baby", BABY_NUMBERS, "baby_age_months", "above",
        "宝宝约 {value:.0f} 个月，一般顾客的宝宝为 {typical:.0f} 个月",
        "the baby is about {value:.0f} months old, {typical:.0f} is typical",
    ),
    Reason(
        "fewer_talks", TALK_NUMBERS, "talks_30d", "below",
        "近 30 天企微沟通 {value:.0f} 次，一般为 {typical:.0f} 次",
        "talks in WeCom in 30 days: {value:.0f}, typical {typical:.0f}",
    ),
)  # fmt: skip
# extra columns that a reason may show where the shop knows them
_OPTIONAL = ("baby_age_months", "talks_30d")
_BY_CODE = {reason.code: reason for reason in CATALOGUE}


def reason_text(code: str | None, numbers: Mapping[str, float], language: str = "zh") -> str:
    """The sentence for a reason: `numbers` holds "value" and "typical"; "" when there is none.

    Raises ValueError for a code or a language ("zh", "en") that is not known.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language '{language}' is not one of {LANGUAGES}")
    if code is None or code != code:
        return ""
    if code not in _BY_CODE:
        raise ValueError(f"reason code '{code}' is not known")
    return getattr(_BY_CODE[code], language).format(**numbers)


@dataclass(frozen=True)
class Population:
    """What is typical of the training rows: medians per number, churn rates per code word."""

    medians: Mapping[str, float]
    rates: Mapping[str, Mapping[str, float]]
    overall_rate: float

    @classmethod
    def learn(
        cls, features: pd.DataFrame, y: np.ndarray, rows: np.ndarray | slice = slice(None)
    ) -> "Population":
        """Medians and churn rates of the rows at positions `rows`, whose labels are y (n,).

        A word's rate is drawn to the overall one by 50 rows' weight.
        """
        overall = float(np.mean(y))
        rates = {}
        for column in CODED:
            by_word = pd.Series(y).groupby(features[column].to_numpy()[rows]).agg(["sum", "size"])
            drawn = (by_word["sum"] + _RATE_PRIOR_ROWS * overall) / (
                by_word["size"] + _RATE_PRIOR_ROWS
            )
            rates[column] = {str(word): float(rate) for word, rate in drawn.items()}
        known = [name for name in _OPTIONAL if name in features and features[name].notna().any()]
        # column by column: a frame of millions of rows is not copied for its medians
        medians = {
            name: float(features[name].iloc[rows].median()) for name in (*CUSTOMER_NUMBERS, *known)
        }
        return cls(medians, rates, overall)

    def values(self, features: pd.DataFrame) -> dict[str, np.ndarray]:
        """The columns reasons may show, (n,) each, in the row order of `features`."""
        numbers = features[list(CUSTOMER_NUMBERS)].to_numpy(float)
        shown = dict(zip(CUSTOMER_NUMBERS, numbers.T, strict=True))
        for name in _OPTIONAL:
            unknown = np.full(len(features), np.nan)
            shown[name] = features[name].to_numpy(float) if name in features else unknown
        for column in CODED:
            rates = self.rates[column]
            known = [
                rates.get(word, self.overall_rate) for word in features[column].to_numpy(object)
            ]
            shown[f"{column}_rate"] = np.asarray(known, dtype=float)
        return shown

    def typical(self, reason: Reason, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """What `reason.shown` is held against, one number per row."""
        if reason.typical is not None:
            return values[reason.typical]
        return np.full(len(values[reason.shown]), self.medians.get(reason.shown, self.overall_rate))


def top_reasons(
    features: pd.DataFrame, contributions: pd.DataFrame, population: Population
) -> pd.DataFrame:
    """The three reasons that raise each row's risk most, strongest first.

    `contributions` (n, columns): what each column adds to the log odds, in the row order of
    `features`. Returns customer_id, as_of, reason_1 (code or None), reason_1_value,
    reason_1_typical (nan without a reason), … reason_3_typical.
    """
    values = population.values(features)
    shown = np.column_stack([values[reason.shown] for reason in CATALOGUE])
    typical = np.column_stack([population.typical(reason, values) for reason in CATALOGUE])
    told = [[name in reason.columns for reason in CATALOGUE] for name in contributions.columns]
    strength = contributions.to_numpy(float) @ np.asarray(told, dtype=float)
    above = np.array([reason.when == "above" for reason in CATALOGUE])
    steps = np.array([reason.steps for reason in CATALOGUE])
    written, beside = np.rint(shown * steps), np.rint(typical * steps)
    holds = (strength > 0) & np.where(above, written > beside, written < beside)
    for i, reason in enumerate(CATALOGUE):
        said = [j for j, other in enumerate(CATALOGUE[:i]) if other.columns == reason.columns]
        holds[:, i] &= ~holds[:, said].any(axis=1)
    strength = np.where(holds, strength, -np.inf)
    order = np.argsort(-strength, axis=1, kind="stable")[:, :REASONS_KEPT]
    codes = np.array([reason.code for reason in CATALOGUE], dtype=object)
    table = {key: features[key].to_numpy() for key in KEYS}
    rows = np.arange(len(features))
    for rank in range(REASONS_KEPT):
        pick = order[:, rank]
        given = np.isfinite(strength[rows, pick])
        table[f"reason_{rank + 1}"] = np.where(given, codes[pick], None)
        table[f"reason_{rank + 1}_value"] = np.where(given, shown[rows, pick], np.nan)
        table[f"reason_{rank + 1}_typical"] = np.where(given, typical[rows, pick], np.nan)
    return pd.DataFrame(table)

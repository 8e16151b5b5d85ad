"""Customer segments by K-means: how many, how stable, and names from what sets them apart."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from ml.churn.logistic import divisor
from ml.columns import TooLittleData

# what segments are made of, and the words for high and for low, Chinese and English
_TRAITS = {
    "frequency": (("买得多", "many orders"), ("买得少", "few orders")),
    "expected_gap_days": (("间隔长", "long gaps"), ("买得勤", "short gaps")),
    "recency_over_gap": (("近期沉默", "quiet of late"), ("近期活跃", "recently active")),
    "mean_order_amount": (("客单高", "large baskets"), ("客单低", "small baskets")),
    "category_count": (("跨品类", "many categories"), ("单品类", "one category")),
    "discount_share": (("爱打折", "buys on discount"), ("少打折", "pays full price")),
    "tenure_days": (("老客", "long-standing"), ("新客", "new")),
    "baby_age_months": (("大月龄", "older baby"), ("小月龄", "young baby")),
}
_LOGS = ("frequency", "expected_gap_days", "mean_order_amount", "tenure_days")
_JOINER = {"zh": "·", "en": ", "}
_LANGUAGES = ("zh", "en")
K_RANGE = range(3, 9)
STABLE = 0.8
_RESAMPLES = 8
_CHOICE_ROWS = 3_000
_FIT_ROWS = 50_000
_SILHOUETTE_ROWS = 1_000
_FEWEST_ROWS = 100
_CAP = 3.0


@dataclass(frozen=True)
class Segments:
    """Centres of the segments on standardised numbers, and why there are so many.

    `choice`: one row per number of segments tried, {"k", "silhouette", "stability"}; stability is
    the mean adjusted Rand index between the segments of resampled customers and those of all.
    """

    columns: tuple[str, ...]
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    centres: tuple[tuple[float, ...], ...]
    choice: tuple[dict, ...]

    @classmethod
    def learn(cls, features: pd.DataFrame, *, seed: int = 7) -> "Segments":
        """Fit on one slice's customers: feat_customer, with baby_age_months where it is known.

        Of the numbers of segments from 3 to 8 that are stable (an index of at least 0.8 over 8
        samples of 80 %) the one with the best silhouette is taken; when none is, the most stable.
        Raises TooLittleData with fewer than 100 customers, or of fewer than three kinds.
        """
        if len(features) < _FEWEST_ROWS:
            raise TooLittleData(
                f"{len(features)} customers are too few for segments, {_FEWEST_ROWS} are needed"
            )
        columns = tuple(
            name for name in _TRAITS if name in features and features[name].notna().any()
        )
        numbers = _numbers(features, columns)
        middle = np.nanmean(numbers, axis=0)
        spread = divisor(np.nanstd(numbers, axis=0), middle)
        x = _standardised(numbers, middle, spread)
        draw = np.random.default_rng(seed)
        x = x[np.sort(draw.permutation(len(x))[:_FIT_ROWS])]
        few = x[np.sort(draw.permutation(len(x))[:_CHOICE_ROWS])]
        kinds = len(np.unique(few, axis=0))
        if kinds < K_RANGE[0]:
            raise TooLittleData(
                f"{len(features):,} customers of fewer than {K_RANGE[0]} kinds are too much alike "
                "for segments"
            )
        choice = tuple(_judge(few, k, seed) for k in K_RANGE if k <= kinds)
        stable = [row for row in choice if row["stability"] >= STABLE]
        best = max(stable, key=lambda row: row["silhouette"]) if stable else None
        best = best or max(choice, key=lambda row: row["stability"])
        centres = _centres(x, best["k"], seed)
        return cls(
            columns,
            tuple(float(v) for v in middle),
            tuple(float(v) for v in spread),
            tuple(tuple(float(v) for v in centre) for centre in centres),
            choice,
        )

    def assign(self, features: pd.DataFrame) -> np.ndarray:
        """The segment of each row, (n,) from 0; what is not known counts as average."""
        numbers = _numbers(features, self.columns)
        x = _standardised(numbers, np.asarray(self.middle), np.asarray(self.spread))
        return _nearest(x, np.asarray(self.centres))

    def names(self, language: str = "zh") -> list[str]:
        """A name per segment: the two traits that set it most apart, more where two are alike."""
        at = _LANGUAGES.index(language)
        words = [
            [
                _TRAITS[self.columns[i]][0 if centre[i] > 0 else 1][at]
                for i in np.argsort(-np.abs(centre), kind="stable")
            ]
            for centre in np.asarray(self.centres)
        ]
        return _told_apart(words, _JOINER[language])

    def to_dict(self) -> dict:
        """Plain numbers, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: dict) -> "Segments":
        """What `to_dict` gave."""
        return cls(
            tuple(kept["columns"]),
            tuple(kept["middle"]),
            tuple(kept["spread"]),
            tuple(tuple(centre) for centre in kept["centres"]),
            tuple(kept["choice"]),
        )


def _numbers(features: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    lacking = [name for name in columns if name not in features]
    numbers = features.assign(**dict.fromkeys(lacking, np.nan))[list(columns)].to_numpy(float)
    logs = [name in _LOGS for name in columns]
    return np.where(logs, np.log1p(numbers.clip(0)), numbers)


def _standardised(numbers: np.ndarray, middle: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Spreads from the middle, at most three: a single odd customer makes no segment."""
    return np.nan_to_num(np.clip((numbers - middle) / spread, -_CAP, _CAP))


def _nearest(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.argmin((centres**2).sum(axis=1) - 2 * x @ centres.T, axis=1)


def _centres(x: np.ndarray, k: int, seed: int) -> np.ndarray:
    """K-means, the largest segment first."""
    from sklearn.cluster import KMeans

    found = KMeans(k, n_init=5, random_state=seed).fit(x)
    sizes = np.bincount(found.labels_, minlength=k)
    return found.cluster_centers_[np.argsort(-sizes, kind="stable")]


def _judge(x: np.ndarray, k: int, seed: int) -> dict:
    from sklearn.metrics import adjusted_rand_score

    whole = _nearest(x, _centres(x, k, seed))
    draw = np.random.default_rng(seed + k)
    agreement = []
    for again in range(_RESAMPLES):
        some = draw.permutation(len(x))[: int(0.8 * len(x))]
        agreement.append(adjusted_rand_score(whole, _nearest(x, _centres(x[some], k, again))))
    return {
        "k": k,
        "silhouette": _silhouette(x, whole, seed),
        "stability": float(np.mean(agreement)),
    }


def _silhouette(x: np.ndarray, segment: np.ndarray, seed: int) -> float:
    """Of 1,000 customers drawn; 0 where all of them lie in one segment."""
    from sklearn.metrics import silhouette_score

    drawn = np.random.RandomState(seed).permutation(len(x))[:_SILHOUETTE_ROWS]
    if len(np.unique(segment[drawn])) < 2:
        return 0.0
    return float(silhouette_score(x[drawn], segment[drawn]))


def _told_apart(words: list[list[str]], joiner: str) -> list[str]:
    """As few words each, at least two, as make all names different; a number where none do."""
    for count in range(2, len(words[0]) + 1):
        names = [joiner.join(some[:count]) for some in words]
        if len(set(names)) == len(names):
            return names
    return [f"{name} {i + 1}" for i, name in enumerate(names)]

"""Recency, frequency and money: scores from 1 to 5 and the eight classes planners know."""

import numpy as np
import pandas as pd

# (recent, frequent, valuable) -> code, Chinese, English
_CLASSES = {
    (True, True, True): ("champions", "重要价值客户", "valuable, active"),
    (False, True, True): ("keep", "重要保持客户", "valuable, gone quiet"),
    (True, False, True): ("develop", "重要发展客户", "valuable, buys rarely"),
    (False, False, True): ("win_back", "重要挽留客户", "valuable, rare and quiet"),
    (True, True, False): ("regulars", "一般价值客户", "small baskets, active"),
    (False, True, False): ("small_keep", "一般保持客户", "small baskets, gone quiet"),
    (True, False, False): ("newcomers", "一般发展客户", "small baskets, buys rarely"),
    (False, False, False): ("fading", "一般挽留客户", "small baskets, rare and quiet"),
}
RFM_CLASSES = {code: {"zh": zh, "en": en} for code, zh, en in _CLASSES.values()}
_SCORES = 5


def rfm(features: pd.DataFrame) -> pd.DataFrame:
    """Scores of each row among all rows, and its class, in row order.

    `features`: recency_days, frequency, monetary_amount of one slice's customers. r_score, f_score
    and m_score are fifths, 5 the best; equal values get equal scores. rfm_class is a key of
    RFM_CLASSES: which of the three lie above the median.
    """
    parts = {
        "r_score": -features["recency_days"],
        "f_score": features["frequency"],
        "m_score": features["monetary_amount"],
    }
    places = {name: values.rank(method="average", pct=True) for name, values in parts.items()}
    table = pd.DataFrame(
        {
            name: np.ceil(place * _SCORES).clip(1, _SCORES).astype(int)
            for name, place in places.items()
        },
        index=features.index,
    )
    upper = np.column_stack([places[name] > 0.5 for name in parts])
    table["rfm_class"] = [_CLASSES[tuple(bool(v) for v in row)][0] for row in upper]
    return table

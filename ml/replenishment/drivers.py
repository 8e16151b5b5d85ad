"""What moves the demand of a row: a festival, a promotion, a trend, a stock-out, its own youth."""

import numpy as np
import pandas as pd

from ml.replenishment.wording import JOINT, words_of

SIGNAL_COLUMNS = (
    "unique_id",
    "price_amount",
    "recent_daily_qty",
    "stockout_share",
    "sold_while_empty_qty",
    "empty_weeks",
    "first_sold_on",
    "festival_on",
    "promotion_on",
)
RECENT_WEEKS = 8
NEW_DAYS = 91
# A week counts as one of an event from this share of its days on.
EVENT_SHARE = 0.3
# Demand this far from the recent rate is a trend worth a word.
TREND = 0.2
STOCKOUT_SHARE = 0.1
# Sales in this many recent weeks without a day in stock contradict the count: fewer may be a
# pre-sale, or what was on its way to the shelf.
EMPTY_WEEKS = 4
DAYS_PER_WEEK = 7

_WORDS = {
    "zh": {
        "festival": "{}起有节日大促",
        "promotion": "{}起有促销",
        "up": "预计比近8周有货时高{}%",
        "down": "预计比近8周有货时低{}%",
        "stockout": "近8周有{}%的时间缺货",
        "new": "上市{}天的新品",
    },
    "en": {
        "festival": "festival from {}",
        "promotion": "promotion from {}",
        "up": "{}% above the last 8 weeks in stock",
        "down": "{}% below the last 8 weeks in stock",
        "stockout": "out of stock {}% of the last 8 weeks",
        "new": "new, on sale for {} days",
    },
}


def no_signals() -> pd.DataFrame:
    """SIGNAL_COLUMNS without a row."""
    return pd.DataFrame(columns=list(SIGNAL_COLUMNS))


def signals(
    panel: pd.DataFrame, static: pd.DataFrame, known_future: pd.DataFrame, *, cutoff: pd.Timestamp
) -> pd.DataFrame:
    """SIGNAL_COLUMNS, one row per series of `panel`, from what is known at the end of `cutoff`'s
    week.

    `panel`, `static`, `known_future`: the demand features. price_amount is the mean price of the
    recent weeks, in yuan; recent_daily_qty units per day of them, weeks out of stock left aside;
    sold_while_empty_qty units that left in weeks without a day in stock, null unless there are
    EMPTY_WEEKS such weeks; empty_weeks how many whole weeks, up to `cutoff`'s, have passed without
    a day in stock and without a sale;
    festival_on and promotion_on the Monday of the first coming week with one, null without.
    """
    start = cutoff - pd.Timedelta(weeks=RECENT_WEEKS - 1)
    recent = panel[(panel["ds"] >= start) & (panel["ds"] <= cutoff)]
    in_stock = ~recent["is_stockout"].astype(bool)
    seen = recent.assign(y=recent["y"].where(in_stock)).groupby("unique_id")
    out = pd.DataFrame(index=pd.Index(panel["unique_id"].unique(), name="unique_id"))
    out["price_amount"] = seen["price_amount"].mean()
    out["recent_daily_qty"] = seen["y"].mean() / DAYS_PER_WEEK
    out["stockout_share"] = 1 - seen["in_stock_share"].mean()
    empty = recent[(recent["in_stock_share"] == 0) & (recent["y"] > 0)].groupby("unique_id")["y"]
    out["sold_while_empty_qty"] = empty.sum().where(empty.size() >= EMPTY_WEEKS)
    out["empty_weeks"] = _empty_weeks(panel, cutoff)
    out["first_sold_on"] = static.drop_duplicates("unique_id").set_index("unique_id")[
        "first_sold_on"
    ]
    ahead = known_future[known_future["ds"] > cutoff]
    for name, column in (("festival_on", "festival_share"), ("promotion_on", "promo_share")):
        out[name] = ahead[ahead[column] >= EVENT_SHARE].groupby("unique_id")["ds"].min()
    return out.reset_index()[list(SIGNAL_COLUMNS)]


def _empty_weeks(panel: pd.DataFrame, cutoff: pd.Timestamp) -> pd.Series:
    """By unique_id; a week that the panel lacks is none."""
    past = panel[panel["ds"] <= cutoff]
    is_alive = (past["in_stock_share"] > 0) | (past["y"] > 0)
    last_alive = past["ds"].where(is_alive).groupby(past["unique_id"]).transform("max")
    is_empty = last_alive.isna() | (past["ds"] > last_alive)
    return is_empty.groupby(past["unique_id"]).sum()


def drivers(
    rows: pd.DataFrame, signals: pd.DataFrame, as_of: pd.Timestamp, language: str
) -> np.ndarray:
    """What drives each row's demand in its protection interval, in words (n,); "" for nothing.

    Raises ValueError for a language without wording.
    """
    words = words_of(_WORDS, language)
    own = signals.drop_duplicates("unique_id").set_index("unique_id").reindex(rows["unique_id"])
    end = as_of + pd.to_timedelta(rows["protection_days"], unit="D")
    days = rows["protection_days"].to_numpy(float)
    mean = rows["demand_mean_qty"].to_numpy(float)
    rate = np.divide(mean, days, out=np.zeros_like(mean), where=days > 0)
    recent = own["recent_daily_qty"].to_numpy(float, na_value=np.nan)
    usual = np.where(recent > 0, recent, np.nan)
    change = 100 * (rate / usual - 1)
    age = (as_of - pd.to_datetime(own["first_sold_on"])).dt.days.to_numpy(float)
    out_share = 100 * own["stockout_share"].to_numpy(float, na_value=np.nan)
    sells = mean >= 0.5
    said = [
        _dated(words["festival"], own["festival_on"], end),
        _dated(words["promotion"], own["promotion_on"], end),
        _numbered(words["up"], change, sells & (change > 100 * TREND)),
        _numbered(words["down"], -change, change < -100 * TREND),
        _numbered(words["stockout"], out_share, out_share >= 100 * STOCKOUT_SHARE),
        _numbered(words["new"], age, (age >= 0) & (age < NEW_DAYS)),
    ]
    text = np.full(len(rows), "", dtype=object)
    for part in said:
        text = text + np.where((text != "") & (part != ""), JOINT[language], "") + part
    return text


def _dated(phrase: str, day: pd.Series, end: pd.Series) -> np.ndarray:
    day = pd.to_datetime(day).reset_index(drop=True)
    near = (day <= end.reset_index(drop=True)).to_numpy()
    out = np.full(len(day), "", dtype=object)
    out[near] = day[near].dt.strftime("%Y-%m-%d").map(phrase.format).to_numpy(object)
    return out


def _numbered(phrase: str, value: np.ndarray, holds: np.ndarray) -> np.ndarray:
    out = np.full(len(value), "", dtype=object)
    numbers = pd.Series(np.rint(value[holds]).astype(int))
    out[holds] = numbers.map(phrase.format).to_numpy(object)
    return out

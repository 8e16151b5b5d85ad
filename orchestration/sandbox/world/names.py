"""Numbers become the texts that platforms use: order, line, refund, buyer and address ids."""

import numpy as np
import polars as pl

from orchestration.sandbox.world.listings import PLATFORMS

_MIX = 2_654_435_761 * 4 + 1  # odd: a one-to-one map of the numbers below 2**48
_MASK = (1 << 48) - 1
_BASE = {
    "taobao": 2_700_000_000_000_000_000,
    "jd": 300_000_000_000,
    "douyin": 6_930_000_000_000_000_000,
    "xiaohongshu": 710_000_000_000_000_000,
}
_STEP = {"taobao": 100_000, "jd": 7, "douyin": 100_000, "xiaohongshu": 1_000}
PLATFORM = np.array(PLATFORMS)


def mixed(number: np.ndarray) -> np.ndarray:
    """Other numbers below 2**48, one to one, without a visible order."""
    first = (number.astype(np.int64) * _MIX) & _MASK
    turned = ((first >> 20) | (first << 28)) & _MASK
    return (turned * 40_503) & _MASK


def order_value(shop: np.ndarray, number: np.ndarray) -> np.ndarray:
    """The digits of a platform order id; the last one is never zero."""
    platform = PLATFORM[shop]
    step = np.array([_STEP[p] for p in PLATFORMS])[shop]
    base = np.array([_BASE[p] for p in PLATFORMS])[shop]
    tail = (number * 7919 % np.maximum(step // 10, 1)) * 10 + number % 9 + 1
    return base + number * step + np.where(platform == "jd", 3, tail)


def order_ids(shop: np.ndarray, number: np.ndarray) -> pl.Series:
    """Platform order ids as text."""
    text = pl.Series(order_value(shop, number)).cast(pl.String)
    xhs = pl.Series(PLATFORM[shop] == "xiaohongshu")
    return either(xhs, "P" + text, text)


def line_ids(shop, number, line_no, lines_of_order) -> pl.Series:
    """Platform line ids: a single Taobao line has its order's, JD and Xiaohongshu have none."""
    platform = PLATFORM[shop]
    value = order_value(shop, number)
    # the tail of an order id is below its step, so that 10 x line_no never reaches the next order
    own = value - value % 100_000 + (value + 10 * line_no) % 100_000
    value = np.where((platform == "taobao") & (lines_of_order == 1), value, own)
    text = pl.Series(value).cast(pl.String)
    known = pl.Series(np.isin(platform, ("taobao", "douyin")))
    return either(known, text, None)


def buyer_ids(code: np.ndarray) -> pl.Series:
    """Raw open ids; `code` is household x 16 + shop x 2 + account."""
    platform = PLATFORM[code % 16 // 2]
    prefix = np.select(
        [platform == "taobao", platform == "jd", platform == "douyin"], ["AAH", "o*", "1@#"], "5f"
    )
    return pl.Series(prefix) + pl.Series(mixed(code)).cast(pl.String).str.zfill(15)


def address_tokens(code: np.ndarray) -> pl.Series:
    """Address tokens as platforms give them instead of an address."""
    return "PII-A" + pl.Series(mixed(code + 77)).cast(pl.String).str.zfill(15)


def union_ids(household: np.ndarray, known: np.ndarray) -> pl.Series:
    """WeChat union ids."""
    text = "oz" + pl.Series(mixed(household + 5_000_011)).cast(pl.String).str.zfill(15)
    return either(pl.Series(known), text, None)


def external_ids(household: np.ndarray) -> pl.Series:
    """WeCom ids of contacts."""
    return "wm" + pl.Series(mixed(household + 9_000_017)).cast(pl.String).str.zfill(15)


def phones(household: np.ndarray) -> pl.Series:
    """Phone numbers that cannot exist."""
    return "1990000" + pl.Series(household).cast(pl.String).str.zfill(4)


def mothers(household: np.ndarray) -> pl.Series:
    """Names that cannot exist."""
    return "PII-" + pl.Series(household).cast(pl.String) + "妈妈"


def refund_refs(shop: np.ndarray, number: np.ndarray) -> pl.Series:
    """Refund ids as each platform numbers them."""
    platform = PLATFORM[shop]
    base = np.select(
        [platform == "taobao", platform == "jd", platform == "douyin"],
        [149_000_000_000_000_000, 700_000_000, 7_100_000_000_000_000_000],
        71_000_000_000_000,
    )
    step = np.where(platform == "jd", 3, 1_000)
    value = base + number * step + np.where(platform == "jd", 1, number % 9 + 1)
    text = pl.Series(value).cast(pl.String)
    return either(pl.Series(platform == "xiaohongshu"), "R" + text, text)


def staff_ids(staff: np.ndarray) -> pl.Series:
    """WeCom staff."""
    return "guide_" + pl.Series(staff + 1).cast(pl.String).str.zfill(2)


def kol_ids(shop: np.ndarray, kol: np.ndarray) -> pl.Series:
    """Creators; null where there is none."""
    text = pl.Series(99_887_000 + np.maximum(kol, 0) * 13).cast(pl.String)
    xhs = pl.Series(PLATFORM[shop] == "xiaohongshu")
    return either(pl.Series(kol >= 0), either(xhs, "k" + text, text), None)


def room_nos(room: np.ndarray) -> pl.Series:
    """Live rooms; null where there is none."""
    text = pl.Series(7_560_000_000_000_000_000 + np.maximum(room, 0) * 10_007 + 1).cast(pl.String)
    return either(pl.Series(room >= 0), text, None)


def either(condition: pl.Series, yes, no) -> pl.Series:
    """`yes` where the condition holds, else `no`; both are text columns, or None."""
    return pl.select(
        pl.when(condition).then(pl.lit(yes)).otherwise(pl.lit(no, dtype=pl.String))
    ).to_series()

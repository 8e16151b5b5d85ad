"""Pictures for the asset pages: orders by supplier and day, demand forecast, churn scores."""

import io

import pandas as pd

# Fonts with Chinese characters, as systems name them; without one, ids stand in for names.
_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "SimHei",
)
_BLUE, _RED, _ORANGE, _GREY = "#2E75B6", "#C00000", "#C55A11", "#404040"
_MOST_SUPPLIERS = 10


def plan_chart_png(plan: pd.DataFrame) -> bytes:
    """Order amount by supplier (ten largest) and order lines by latest day, as a PNG.

    Lines whose sales are at risk are red. Suppliers are named where a Chinese font is installed,
    else shown by id.
    """
    figure, (left, right) = _figure(1, 2, size=(11, 4))
    orders = plan[plan["order_qty"] > 0]
    amounts = orders["order_amount"].groupby(_supplier_labels(orders)).sum()
    amounts = amounts.sort_values(kind="stable").tail(_MOST_SUPPLIERS)
    left.barh(range(len(amounts)), amounts.to_numpy(), color=_BLUE)
    left.set_yticks(range(len(amounts)), amounts.index)
    left.set_title("Order amount by supplier (CNY)")
    left.xaxis.set_major_formatter("{x:,.0f}")
    left.tick_params(axis="x", labelrotation=30)

    at_risk = orders["priority"] == 1
    days = orders["order_by_date"].dt.strftime("%m-%d")
    labels = days.groupby(orders["order_by_date"]).first().tolist()
    counts = pd.crosstab(orders["order_by_date"], at_risk).reindex(
        columns=[True, False], fill_value=0
    )
    right.bar(labels, counts[True], color=_RED, label="sales at risk")
    right.bar(labels, counts[False], bottom=counts[True], color=_BLUE, label="others")
    right.set_title("Order lines by latest day to order")
    right.tick_params(axis="x", labelrotation=60)
    right.legend(frameon=False)
    return _png(figure)


def forecast_chart_png(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    *,
    title: str = "Weekly demand (units)",
    weeks: int = 52,
) -> bytes:
    """The last `weeks` weeks of total demand and the forecast with its fan, as a PNG.

    `history`: unique_id, ds, y. `forecast`: unique_id, ds, y_hat and quantile columns. Means add
    up; quantiles don't: with several series the fan adds theirs, as if all were high or low
    together, so it is the widest the total can be, and the legend says so.
    """
    figure, (axis,) = _figure(1, 1, size=(10, 4))
    past = history.groupby("ds")["y"].sum().sort_index().tail(weeks)
    bands = [
        pair for pair in (("p05", "p95"), ("p10", "p90"), ("p25", "p75")) if {*pair} <= {*forecast}
    ]
    wanted = ["y_hat", *(name for pair in bands for name in pair)]
    ahead = forecast.groupby("ds")[wanted].sum().sort_index()
    added = ", added" if forecast["unique_id"].nunique() > 1 else ""
    for low, high in bands:
        axis.fill_between(
            ahead.index,
            ahead[low],
            ahead[high],
            color=_ORANGE,
            alpha=0.18,
            linewidth=0,
            label=f"{low}-{high}{added}",
        )
    axis.plot(past.index, past, color=_GREY, label="actual")
    axis.plot(ahead.index, ahead["y_hat"], color=_ORANGE, label="forecast")
    axis.set_ylim(bottom=0)
    axis.set_title(title)
    axis.yaxis.set_major_formatter("{x:,.0f}")
    axis.grid(axis="y", color="#E0E0E0")
    axis.legend(frameon=False, ncols=2)
    return _png(figure)


def churn_chart_png(contacts: pd.DataFrame) -> bytes:
    """How scores spread over the listed customers, and the value at stake by tier, as a PNG."""
    figure, (left, right) = _figure(1, 2, size=(11, 3.5))
    left.hist(contacts["churn_score"], bins=20, range=(0, 1), color=_BLUE)
    left.set_title("Customers by probability of staying away")
    tiers = ["high", "medium", "low"]
    stake = contacts.groupby("risk_tier")["value_at_stake_amount"].sum().reindex(tiers).fillna(0)
    right.bar(tiers, stake, color=[_RED, _ORANGE, _GREY])
    right.set_title("Value at stake in 90 days by risk tier (CNY)")
    right.yaxis.set_major_formatter("{x:,.0f}")
    return _png(figure)


def _supplier_labels(orders: pd.DataFrame) -> pd.Series:
    ids = orders["supplier_id"].fillna("(none)").astype(str)
    if _chinese_font() is None:
        return ids
    return orders["supplier_name"].fillna(ids).astype(str).str.slice(0, 14)


def _chinese_font() -> str | None:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None)


def _figure(n_rows: int, n_columns: int, *, size: tuple[float, float]):
    # A figure of its own, not pyplot's: no global state, no display, safe in threads.
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=110, layout="constrained")
    axes = [figure.add_subplot(n_rows, n_columns, n + 1) for n in range(n_rows * n_columns)]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure) -> bytes:
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    families = [name for name in (_chinese_font(), "DejaVu Sans") if name]
    for axis in figure.axes:
        for label in axis.get_yticklabels():
            label.set_fontfamily(families)
            # Names are data: a "$" in one must not start a formula.
            label.set_parse_math(False)
    picture = io.BytesIO()
    with rc_context({"font.family": families}):
        figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()

"""Growth is a slope on log axes, over fair samples of one and the same panel."""

import numpy as np
import pytest

from benchmarks import scale


def test_the_exponent_is_the_slope_on_log_axes():
    rows = [{"rows": n, "seconds": 3 * n**1.2, "peak_gib": 0.1 * n**0.5} for n in (10, 40, 160)]
    found = scale.exponents(rows)
    assert found["seconds"] == pytest.approx(1.2)
    assert found["peak_gib"] == pytest.approx(0.5)
    assert np.isnan(scale.exponents(rows[:1])["seconds"])


def test_the_first_series_are_like_all_and_promotions_sell():
    panel, static, known = scale.made_panel(1600, 60)
    assert len(panel) == len(known) == 1600 * 60
    mean = panel["y"].to_numpy().reshape(1600, 60).mean(1)
    assert np.log(mean[:100] + 0.1).mean() == pytest.approx(np.log(mean + 0.1).mean(), abs=0.3)
    in_stock = ~panel["is_stockout"].to_numpy()
    promo = known["is_promo"].to_numpy() > 0
    y = panel["y"].to_numpy()
    assert y[promo & in_stock].mean() / y[~promo & in_stock].mean() == pytest.approx(2, rel=0.2)
    assert (y[~in_stock] == 0).all()
    assert static["unique_id"].is_unique

"""Who competes: each model's name, where its configuration is, and what it needs installed.

Every model is a class made with a `Setting` that has `fit(panel, static, known_future)` and
`predict()`, the latter returning unique_id, ds, y_hat and the quantile columns.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

NOT_INSTALLED = "not installed: "


@dataclass(frozen=True)
class Entry:
    """A model's class as "module:name", its options, and the packages it cannot run without."""

    maker: str
    requires: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def missing(self) -> str:
        """Why it cannot run here; empty if it can."""
        absent = [name for name in self.requires if find_spec(name.split(".")[0]) is None]
        return f"{NOT_INSTALLED}{', '.join(absent)}" if absent else ""

    def make(self) -> Callable[..., Any]:
        """Import the class and bind its options."""
        module, name = self.maker.split(":")
        found = getattr(import_module(module), name)
        return lambda setting: found(setting, **self.options)


_STATS = ("statsforecast",)
_BOOST = ("mlforecast", "lightgbm")
MODELS: dict[str, Entry] = {
    "stork": Entry("benchmarks.stork:Stork"),
    "stork-xgboost": Entry("benchmarks.stork:Stork", options={"model": "xgboost"}),
    "stork-lstm": Entry("benchmarks.stork:Stork", options={"model": "lstm"}),
    "seasonal_naive": Entry("benchmarks.opponents:SeasonalNaive"),
    "pooled_seasonal_ma13": Entry("benchmarks.opponents:PooledSeasonalMean"),
    "croston_sba": Entry("benchmarks.opponents:CrostonSBA"),
    "mlforecast_lightgbm": Entry("benchmarks.peers.boosted:RecursiveLightGBM", _BOOST),
    "lightgbm_direct": Entry("benchmarks.peers.direct:DirectLightGBM", ("lightgbm",)),
    "sf_seasonal_naive": Entry(
        "benchmarks.peers.statistical:Statistical", _STATS, {"model": "SeasonalNaive"}
    ),
    "auto_ets": Entry("benchmarks.peers.statistical:Statistical", _STATS, {"model": "AutoETS"}),
    "auto_theta": Entry("benchmarks.peers.statistical:Statistical", _STATS, {"model": "AutoTheta"}),
    "sf_croston_sba": Entry(
        "benchmarks.peers.statistical:Statistical", _STATS, {"model": "CrostonSBA"}
    ),
    "neuralforecast_lstm": Entry("benchmarks.peers.recurrent:NeuralLSTM", ("neuralforecast",)),
    "autogluon": Entry("benchmarks.peers.automl:AutoGluon", ("autogluon.timeseries",)),
}
PERMANENT = ("seasonal_naive", "pooled_seasonal_ma13", "croston_sba")
PEERS = tuple(name for name in MODELS if name not in PERMANENT and not name.startswith("stork"))

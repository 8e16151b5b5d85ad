"""What assets are handed: the lake, the warehouse's exports, the model registry, the results."""

import hashlib
import importlib.metadata
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import dagster as dg
import pandas as pd
from pyarrow import ArrowInvalid

import ml
from ml.columns import FrameSpec
from ml.registry import Registry
from ml.replenishment.parameters import Policy, TransferTerms
from ml.training import Budget
from orchestration.builds import read_build
from orchestration.files import write_atomically
from orchestration.landing.lake import landed_days, newest_loaded_day
from orchestration.plan_archive import PlanArchive
from orchestration.planning_files import PlanningFiles
from orchestration.settings import Settings


def read_parquet(path: Path) -> pd.DataFrame:
    """A Parquet file. Raises ValueError that names a damaged one and what mends it."""
    try:
        return pd.read_parquet(path)
    except (ArrowInvalid, OSError) as damaged:
        said = str(damaged).splitlines()[0]
        raise ValueError(
            f"{path}: damaged ({said}); put a copy in its place, or remove it and make it again"
        ) from damaged


_DATES = ("ds", "as_of", "week_start")


class Lake(dg.ConfigurableResource):
    """Landed files in, Parquet versions out; it also knows which day it is."""

    landing: str
    folder: str
    tenant: str | None = None
    as_of: str | None = None
    built: str | None = None

    def last_visible_day(self) -> date:
        """The as-of day of whatever is made of the tables: the one asked for, else that of the
        last whole build (`built`: its note). What lands or loads meanwhile does not move it."""
        if self.as_of:
            return date.fromisoformat(self.as_of)
        last = read_build(Path(self.built)) if self.built else None
        return date.fromisoformat(last.as_of) if last else self.day_to_build()

    def day_to_build(self) -> date:
        """The as-of day of tables that are built now: the one asked for, else the newest that the
        extracts have loaded. Never a clock."""
        if self.as_of:
            return date.fromisoformat(self.as_of)
        return newest_loaded_day(Path(self.folder)) or self.newest_landed_day()

    def newest_landed_day(self) -> date:
        """The newest day of which files are there, loaded or not, up to the one asked for."""
        if self.as_of:
            return date.fromisoformat(self.as_of)
        return landed_days(Path(self.landing), tenant=self.tenant)[1]


class Warehouse(dg.ConfigurableResource):
    """The Parquet files dbt exports. Python never opens the DuckDB file itself."""

    exports: str

    def read(self, spec: FrameSpec) -> pd.DataFrame:
        """One exported table, checked against its contract."""
        return spec.check(self.read_table(spec.name))

    def read_table(self, name: str) -> pd.DataFrame:
        """One exported table; dates come as datetime64."""
        path = Path(self.exports) / f"{name}.parquet"
        if not path.exists():
            raise FileNotFoundError(f"{path}: not exported yet; materialize dbt model '{name}'")
        frame = read_parquet(path)
        dates = [c for c in frame.columns if c in _DATES or c.endswith(("_on", "_date"))]
        return frame.assign(**{c: pd.to_datetime(frame[c]) for c in dates})


@cache
def code_version() -> str:
    """Version of the package and a hash of the modelling code, as trained models are tagged."""
    folder = Path(ml.__file__).parent
    sources = sorted(folder.rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    return f"{importlib.metadata.version('stork')}+{digest[:8]}"


class Options(dg.ConfigurableResource):
    """How much work, with which seed, in which language."""

    seed: int
    threads: int
    horizon: int
    n_windows: int
    step_size: int
    demand_trials: int
    churn_trials: int
    outcome_days: int
    shadow_nights: int = 0
    plays: str | None = None
    language: str

    def budget(self, models: "Models", n_trials: int) -> Budget:
        """What one training may spend."""
        return Budget(
            horizon=self.horizon,
            n_windows=self.n_windows,
            step_size=self.step_size,
            outcome_days=self.outcome_days,
            n_trials=n_trials,
            seed=self.seed,
            threads=self.threads,
            shadow_nights=self.shadow_nights,
            studies_url=models.optuna_url,
            code=code_version(),
        )


class Planners(dg.ConfigurableResource):
    """What the people who order decide: money, transfers, and the files in their folder."""

    folder: str
    budget_amount: float | None = None
    unmet_demand: str = "lost"
    transfers: bool = True
    transfer_days: int = 3
    transfer_cost_amount: float = 2.0
    remaining_life_rate: float = 1 / 3
    part_pallet_amount: float = 0.0
    service: str = "textbook"
    fill_rate: float = 0.98
    gap_seconds: float = 5.0

    def files(self) -> PlanningFiles:
        return PlanningFiles(Path(self.folder))

    def policy(self) -> tuple[Policy, list[str]]:
        """The policy they set, and what in their files could not be used."""
        limits, problems = self.files().limits()
        moves = TransferTerms(days=self.transfer_days, cost_amount=self.transfer_cost_amount)
        policy = Policy(
            budget_amount=self.budget_amount,
            unmet_demand=self.unmet_demand,
            transfer=moves if self.transfers else None,
            remaining_life_rate=self.remaining_life_rate,
            part_pallet_amount=self.part_pallet_amount,
            **limits,
        )
        return policy, problems


class Models(dg.ConfigurableResource):
    """Door to the model registry and to the tuning studies."""

    mlflow_uri: str
    artifacts: str
    optuna_url: str

    def registry(self) -> Registry:
        return Registry(self.mlflow_uri, Path(self.artifacts))


class Results(dg.ConfigurableResource):
    """Frames and files that models, monitors and plans leave behind, by as-of day."""

    folder: str
    out: str
    reports: str
    reports_url: str

    def plans(self) -> PlanArchive:
        """Every plan ever made."""
        return PlanArchive(Path(self.folder).parent / "plans")

    def path(self, as_of: date, name: str) -> Path:
        return Path(self.folder) / as_of.isoformat() / name

    def out_path(self, as_of: date, name: str) -> Path:
        return Path(self.out) / as_of.isoformat() / name

    def report_path(self, as_of: date, name: str) -> Path:
        path = Path(self.reports) / as_of.isoformat() / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def history(self) -> Path:
        """The table of all verdicts, `monitoring.history`."""
        return Path(self.folder) / "monitoring" / "history.parquet"

    def metrics(self) -> Path:
        """What Prometheus' textfile collector reads."""
        return Path(self.folder) / "monitoring" / "stork.prom"

    def workspace(self) -> Path:
        """The Evidently workspace, which `stork monitor` opens."""
        return Path(self.folder) / "monitoring" / "evidently"

    def url(self, report: Path) -> str:
        """Address of a report on the loopback file server of `make dev`."""
        return f"{self.reports_url}/{report.relative_to(self.reports).as_posix()}"

    def write(self, as_of: date, name: str, frame: pd.DataFrame) -> Path:
        path = self.path(as_of, f"{name}.parquet")
        return write_atomically(path, lambda p: frame.to_parquet(p, index=False))

    def read(self, as_of: date, name: str) -> pd.DataFrame:
        path = self.path(as_of, f"{name}.parquet")
        if not path.exists():
            raise FileNotFoundError(f"{path}: nothing there yet; materialize asset '{name}'")
        return read_parquet(path)

    def read_all(
        self, name: str, *, since: date = date.min, until: date = date.max
    ) -> Iterator[tuple[date, pd.DataFrame]]:
        """The frames of this name of the days from `since` to `until`, oldest first, read one by
        one: whoever asks for many keeps of each what is needed, for all do not fit in memory."""
        for day in self.days_with(f"{name}.parquet"):
            if since <= day <= until:
                yield day, self.read(day, name)

    def days_with(self, name: str) -> list[date]:
        """The days on which a file of this name was left, oldest first."""
        paths = sorted(Path(self.folder).glob(f"????-??-??/{name}"))
        return [date.fromisoformat(path.parent.name) for path in paths]

    def write_text(self, as_of: date, name: str, text: str) -> Path:
        return write_atomically(
            self.path(as_of, name), lambda p: p.write_text(text, encoding="utf-8")
        )

    def read_text(self, as_of: date, name: str) -> str:
        return self.path(as_of, name).read_text(encoding="utf-8")


def resources(settings: Settings) -> dict[str, dg.ConfigurableResource]:
    """All of them, as one installation's settings say."""
    return {
        "lake": Lake(
            landing=str(settings.landing_folder),
            folder=str(settings.folder("lake")),
            tenant=settings.tenant,
            as_of=settings.as_of.isoformat() if settings.as_of else None,
            built=str(settings.last_build_file),
        ),
        "warehouse": Warehouse(exports=str(settings.folder("exports"))),
        "options": Options(
            **settings.model_dump(include=set(Options.model_fields) - {"plays"}),
            plays=str(settings.plays) if settings.plays else None,
        ),
        "planners": Planners(
            folder=str(settings.planning_folder),
            **settings.model_dump(include=set(Planners.model_fields) - {"folder"}),
        ),
        "models": Models(
            mlflow_uri=settings.mlflow_uri,
            artifacts=str(settings.folder("mlflow", "artifacts")),
            optuna_url=settings.optuna_url,
        ),
        "results": Results(
            folder=str(settings.folder("results")),
            out=str(settings.out_folder),
            reports=str(settings.folder("reports")),
            reports_url=settings.reports_url,
        ),
    }

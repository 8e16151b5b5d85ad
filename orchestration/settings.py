"""Every setting and secret name of Stork, read once from the environment (prefix STORK_)."""

import os
import secrets
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import dbt_project

DBT_PROJECT_DIR = Path(dbt_project.__file__).parent


class Settings(BaseSettings):
    """What one installation of Stork is told.

    `environment` is one of three declared names: "local" (a person's machine), "test" and
    "production". Only production insists that `STORK_PSEUDONYM_KEY` comes from outside; the
    other two make a key of their own and keep it in the state folder, readable by its owner only.
    """

    model_config = SettingsConfigDict(
        env_prefix="STORK_",
        frozen=True,
        hide_input_in_errors=True,  # a key too short would be printed with the error
    )

    environment: Literal["local", "test", "production"] = "local"
    state: Path = Field(Path("var/demo"), description="folder of everything Stork keeps")
    landing: Path | None = Field(None, description="folder of landed files; <state>/landing")
    out: Path | None = Field(None, description="folder of plans and lists; <state>/out")
    planning: Path | None = Field(
        None, description="folder of the planners' own files; <state>/planning"
    )
    dbt_target: Path = Field(
        DBT_PROJECT_DIR.parent / "var" / "dbt", description="where the dbt manifest lies"
    )
    tenant: str | None = Field(None, description="which tenant of the landing folder to run")
    as_of: date | None = Field(None, description="last visible day; newest landed day when unset")
    first_day: date = Field(date(2024, 1, 1), description="first daily partition")
    language: Literal["zh", "en"] = "zh"
    pseudonym_key: SecretStr | None = Field(None, min_length=16)
    reports_url: str = "http://127.0.0.1:3001"
    ui_url: str = "http://127.0.0.1:3000"
    alert_urls: SecretStr | None = Field(
        None, description="where alerts go: Apprise addresses, parted by blanks"
    )

    seed: int = 7
    threads: int = Field(default_factory=lambda: min(4, len(os.sched_getaffinity(0))), ge=1)
    horizon: int = Field(13, ge=2, le=26, description="weeks ahead")
    n_windows: int = Field(3, ge=1, description="backtest windows")
    step_size: int = Field(4, ge=1, description="weeks between backtest windows")
    demand_trials: int = Field(4, ge=0, description="Optuna trials of one demand study")
    churn_trials: int = Field(4, ge=0, description="Optuna trials of one churn study")
    plays: Path | None = Field(
        None, description="CSV of plays by ending, segment and reason; ml/churn/plays.csv"
    )
    shadow_nights: int = Field(
        0, ge=0, description="nights a better demand model forecasts beside the champion first"
    )
    outcome_days: int = Field(60, ge=7, description="a customer silent this long has churned")
    budget_amount: float | None = Field(
        None, ge=0, description="yuan for all orders of one plan; no limit when unset"
    )
    unmet_demand: Literal["lost", "owed"] = Field(
        "lost", description="whether buyers who find no stock go elsewhere or wait"
    )
    transfers: bool = Field(True, description="move goods between warehouses before buying")
    transfer_days: int = Field(3, ge=0, description="days until moved goods can be sold")
    transfer_cost_amount: float = Field(2.0, ge=0, description="yuan to move one unit")
    remaining_life_rate: float = Field(
        1 / 3, ge=0, lt=1, description="share of its shelf life a unit must have when it is sold"
    )
    service: Literal["textbook", "cost", "fill"] = Field(
        "textbook", description="service levels: by class as written, or tuned on the backtest"
    )
    fill_rate: float = Field(
        0.98, gt=0, lt=1, description="units served at once that STORK_SERVICE=fill tunes for"
    )
    part_pallet_amount: float = Field(
        0.0, ge=0, description="yuan that handling a pallet begun costs; 0 fills none up"
    )
    gap_seconds: float = Field(
        5.0, ge=0, description="time to check the allocation by solver, where one is installed"
    )
    quarantine_limit: float = Field(
        0.2,
        gt=0,
        le=1,
        description="share of broken rows that stops what derives from them",
    )

    @model_validator(mode="after")
    def _production_brings_its_secret(self) -> "Settings":
        if self.environment == "production" and self.pseudonym_key is None:
            raise ValueError(
                "environment 'production' needs the secret STORK_PSEUDONYM_KEY: customers are "
                "pseudonymised with it, and a new key would turn every customer into a new one"
            )
        return self

    @property
    def landing_folder(self) -> Path:
        return (self.landing or self.state / "landing").absolute()

    @property
    def out_folder(self) -> Path:
        return (self.out or self.state / "out").absolute()

    @property
    def planning_folder(self) -> Path:
        return (self.planning or self.state / "planning").absolute()

    def folder(self, *parts: str) -> Path:
        """Absolute path of a folder below the state folder, made when missing."""
        path = self.state.absolute().joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def warehouse_file(self) -> Path:
        return self.folder("warehouse") / "stork.duckdb"

    @property
    def last_build_file(self) -> Path:
        """What the last whole build of the warehouse had seen."""
        return self.warehouse_file.with_suffix(".build.json")

    @property
    def unit_tests_file(self) -> Path:
        """What dbt's unit tests found, and of which project."""
        return self.warehouse_file.with_suffix(".unit_tests.json")

    @property
    def mlflow_uri(self) -> str:
        return f"sqlite:///{self.folder('mlflow') / 'mlflow.db'}"

    @property
    def optuna_url(self) -> str:
        return f"sqlite:///{self.folder('optuna') / 'studies.db'}"

    def key(self) -> bytes:
        """The pseudonym key: the secret, else this state's own, made on first use."""
        if self.pseudonym_key is not None:
            return self.pseudonym_key.get_secret_value().encode()
        return self.keep_key(secrets.token_hex(32))

    def keep_key(self, key: str) -> bytes:
        """The key in the state folder, readable by its owner only; `key` when there is none yet."""
        path = self.folder("secrets") / "pseudonym.key"
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(key)
            fresh.replace(path)
        return path.read_bytes()

    def alert_channels(self) -> list[str]:
        """The addresses that alerts go to; they hold tokens, so they are never printed."""
        return self.alert_urls.get_secret_value().split() if self.alert_urls else []

    def dbt_environment(self) -> dict[str, str]:
        """What dbt's profile and sources read from the environment."""
        return {
            "STORK_LAKE": str(self.folder("lake")),
            "STORK_EXPORTS": str(self.folder("exports")),
            "STORK_WAREHOUSE": str(self.warehouse_file),
        }

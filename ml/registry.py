"""The only door to MLflow: training runs, trials, model versions, champion and roll-back."""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pandas as pd

_CHAMPION = "champion"
_CHALLENGER = "challenger"
_SHADOW = "shadow"
_PREVIOUS = "previous_champion"
_MODEL = "model"
_REIGN = "reign."
_TAG_LENGTH = 1_000  # MLflow cuts tags of a registered model at 5,000 bytes
_NESTED_TRIALS = 50  # above it one table artifact: a nested run costs about 0.1 s
_PARAM_BATCH, _METRIC_BATCH = 100, 1_000  # limits of one MLflow batch


@dataclass(frozen=True)
class Version:
    """One registered model version and the training run behind it."""

    name: str
    version: int
    run_id: str
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Registry:
    """Records trained models and answers who is champion.

    Models are kept as the folder of native files they were saved as (no pyfunc, no pickle);
    a tag holds the folder's SHA-256 and `fetch` refuses a folder that no longer matches.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path) -> None:
        """`tracking_uri` such as sqlite:////path/mlflow.db; `artifact_root` a local folder."""
        self.tracking_uri = tracking_uri
        self.artifact_root = Path(artifact_root)
        self._client_made: Any = None

    @contextmanager
    def at_hand(self) -> Iterator["Registry"]:
        """This registry; what its database refuses inside is a RuntimeError that names it."""
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield self
        except (MlflowException, SQLAlchemyError) as refused:
            said = str(refused).strip().splitlines()[0]
            raise RuntimeError(
                f"{self.tracking_uri}: the registry cannot be used ({said}). If it is locked, try "
                "again when what works on it is done; if it is damaged, put a copy in its place"
            ) from refused

    def record(
        self,
        name: str,
        *,
        folder: Path,
        params: dict[str, Any] | None = None,
        metrics: dict[str, float] | None = None,
        tags: dict[str, str] | None = None,
        tables: dict[str, pd.DataFrame] | None = None,
        artifacts: dict[str, Path] | None = None,
    ) -> Version:
        """Log one training as a run of experiment `name` and register its model folder.

        `tables` are kept as Parquet and can be read back by `table`; `artifacts` maps a folder
        name inside the run to a file or folder (figures, reports). The version is registered
        last, so a failure on the way leaves a failed run and no version.
        Raises FileNotFoundError when `folder` holds no files.
        """
        digest = _digest(Path(folder))
        all_tags = {**(tags or {}), "model_sha256": digest}
        with self._run(name, run_name=name, tags=all_tags) as run:
            self._log(run, params or {}, metrics or {})
            self._keep(run.info.run_id, Path(folder), _MODEL)
            for label, frame in (tables or {}).items():
                self._log_table(run.info.run_id, label, frame)
            for label, path in (artifacts or {}).items():
                self._keep(run.info.run_id, Path(path), label)
        self._ensure_model(name)
        made = self._client.create_model_version(
            name,
            source=f"runs:/{run.info.run_id}/{_MODEL}",
            run_id=run.info.run_id,
            tags={key: str(value) for key, value in all_tags.items()},
        )
        return self.version(name, int(made.version))

    def trials(self, name: str, trials: pd.DataFrame, *, study_name: str | None = None) -> str:
        """Log the trials of one study to experiment `name`; return the run id of the study.

        One row per trial, in the order they ran; columns `params_*` and text become parameters,
        `value` and other numbers metrics. Up to 50 trials become nested runs; the whole table
        is an artifact always. With the `study_name` of an earlier call the study is resumed:
        only rows beyond those already logged are added. Without one it is a study of its own.
        """
        tags = {"kind": "study", "n_trials": len(trials), "study_name": study_name or "tuning"}
        found = []
        if study_name is not None:
            kind = f"tags.study_name = '{study_name}' and tags.kind = 'study'"
            found = self._search(name, kind)
        study_id = found[0].info.run_id if found else None
        with self._run(name, run_name=tags["study_name"], tags=tags, run_id=study_id) as study:
            parent = study.info.run_id
            self._log_table(parent, "trials", trials)
            if len(trials) > _NESTED_TRIALS:
                return parent
            n_logged = len(self._search(name, f"tags.`mlflow.parentRunId` = '{parent}'"))
            for number, row in list(enumerate(trials.to_dict("records")))[n_logged:]:
                trial = {"mlflow.parentRunId": parent, "kind": "trial", "trial": number}
                with self._run(name, run_name=f"trial {number}", tags=trial) as run:
                    self._log(run, *_split_trial(row))
        return parent

    def champion(self, name: str) -> Version | None:
        """The version people and the night use now, None before the first promotion."""
        return self._by_alias(name, _CHAMPION)

    def challenger(self, name: str) -> Version | None:
        """The newest challenger that was refused, None when there is none."""
        return self._by_alias(name, _CHALLENGER)

    def shadow(self, name: str) -> Version | None:
        """The challenger that passed the gate and works beside the champion, None without one."""
        return self._by_alias(name, _SHADOW)

    def leave_shadow(self, name: str) -> None:
        """Nobody works beside the champion any more."""
        if _SHADOW in self._aliases(name):
            self._client.delete_registered_model_alias(name, _SHADOW)

    def version(self, name: str, number: int) -> Version:
        """Version `number` of `name`. Raises LookupError when there is none."""
        for row in self._versions(name):
            if int(row.version) == int(number):
                run = self._client.get_run(row.run_id)
                return Version(
                    name, int(row.version), row.run_id, run.data.params, run.data.metrics, row.tags
                )
        raise LookupError(f"model '{name}' has no version {number}")

    def set_alias(
        self, name: str, alias: str, version: Version | int, *, reason: str = ""
    ) -> Version:
        """Point `alias` at `version` and keep `reason` beside it.

        Moving "champion" remembers whom it replaced, so that `rollback` can go back; moving it
        to where it already is changes only the reason.
        """
        number = version.version if isinstance(version, Version) else int(version)
        self.version(name, number)
        before = self.champion(name)
        if alias == _CHAMPION and before is not None and before.version != number:
            self._tag(name, number, "replaced", str(before.version))
            self._client.set_registered_model_alias(name, _PREVIOUS, str(before.version))
        self._tag(name, number, f"{alias}_reason", reason)
        self._client.set_registered_model_alias(name, alias, str(number))
        if alias == _CHAMPION and (before is None or before.version != number):
            self._note_reign(name, number, reason)
        # whoever takes charge, or is refused, is in nobody's shadow
        if alias != _SHADOW and str(self._aliases(name).get(_SHADOW)) == str(number):
            self.leave_shadow(name)
        return self.version(name, number)

    def rollback(self, name: str, *, reason: str = "") -> Version:
        """Make the champion that the present one replaced champion again.

        Called again it goes one further back. Raises LookupError when there is nobody to
        go back to; as `fetch` does, with the champion left in place, when its files are damaged.
        """
        now = self.champion(name)
        if now is None or not now.tags.get("replaced"):
            raise LookupError(f"model '{name}' has no previous champion to go back to")
        target = self.version(name, int(now.tags["replaced"]))
        self.fetch(target)
        self._tag(name, now.version, "rolled_back_reason", reason or "rolled back")
        self._client.set_registered_model_alias(name, _CHAMPION, str(target.version))
        earlier = target.tags.get("replaced")
        if earlier:
            self._client.set_registered_model_alias(name, _PREVIOUS, earlier)
        else:
            self._client.delete_registered_model_alias(name, _PREVIOUS)
        self._note_reign(name, target.version, reason or "rolled back")
        return self.version(name, target.version)

    def reigns(self, name: str) -> pd.DataFrame:
        """Who was champion when, oldest first: version, since, until (null: still), reason.

        Moments are MLflow's, in UTC.
        """
        found = self._client.search_registered_models(f"name = '{name}'")
        tags = found[0].tags if found else {}
        events = [json.loads(tags[key]) for key in sorted(tags) if key.startswith(_REIGN)]
        table = pd.DataFrame(events, columns=["version", "since", "reason"])
        table["since"] = pd.to_datetime(table["since"], unit="ms", utc=True)
        table.insert(2, "until", table["since"].shift(-1))
        return table

    def _note_reign(self, name: str, number: int, reason: str) -> None:
        model = self._client.search_registered_models(f"name = '{name}'")[0]
        count = sum(key.startswith(_REIGN) for key in model.tags)
        # of all that can be done to a version only a description is given a moment
        noted = self._client.update_model_version(name, str(number), f"champion: {reason}")
        since = noted.last_updated_timestamp
        event = {"version": number, "since": since, "reason": reason[:_TAG_LENGTH]}
        text = json.dumps(event, ensure_ascii=False)
        self._client.set_registered_model_tag(name, f"{_REIGN}{count:05d}", text)

    def fetch(self, version: Version) -> Path:
        """The local folder with the version's model files; read it, never write to it.

        Raises FileNotFoundError when it is gone and ValueError when its content changed.
        """
        folder = self._artifacts(version.run_id) / _MODEL
        expected = version.tags.get("model_sha256")
        if expected and _digest(folder) != expected:
            raise ValueError(
                f"{version.name} version {version.version}: the model files in {folder} "
                "are not those that were registered"
            )
        return folder

    def table(self, version: Version, label: str) -> pd.DataFrame:
        """A table recorded with the version. Raises FileNotFoundError when there is none."""
        path = self._artifacts(version.run_id) / "tables" / f"{label}.parquet"
        if not path.is_file():
            raise FileNotFoundError(f"{version.name} version {version.version}: no {path.name}")
        return pd.read_parquet(path)

    def history(self, name: str) -> pd.DataFrame:
        """One row per version, newest first: version, aliases, reason, replaced, recorded_at,
        run_id, and a column `metric.<name>` per logged metric. Empty before the first one."""
        aliases: dict[int, list[str]] = {}
        for alias, number in self._aliases(name).items():
            aliases.setdefault(int(number), []).append(alias)
        rows = []
        for row in self._versions(name):
            run = self._client.get_run(row.run_id)
            reasons = {k.removesuffix("_reason"): v for k, v in row.tags.items() if v}
            rows.append(
                {
                    "version": int(row.version),
                    "aliases": ", ".join(sorted(aliases.get(int(row.version), []))),
                    "reason": "; ".join(
                        f"{what}: {reasons[what]}"
                        for what in (_SHADOW, _CHALLENGER, _CHAMPION, "rolled_back")
                        if what in reasons
                    ),
                    "replaced": row.tags.get("replaced", ""),
                    "recorded_at": pd.Timestamp(row.creation_timestamp, unit="ms", tz="UTC"),
                    "run_id": row.run_id,
                    **{f"metric.{k}": v for k, v in sorted(run.data.metrics.items())},
                }
            )
        columns = ["version", "aliases", "reason", "replaced", "recorded_at", "run_id"]
        return pd.DataFrame(rows, columns=None if rows else columns)

    @property
    def _client(self) -> Any:
        if self._client_made is None:
            # MLflow decides on its usage reports while it is imported
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
            from mlflow import MlflowClient

            logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
            self._client_made = MlflowClient(self.tracking_uri, registry_uri=self.tracking_uri)
        return self._client_made

    @contextmanager
    def _run(
        self, name: str, *, run_name: str, tags: dict[str, Any], run_id: str | None = None
    ) -> Iterator[Any]:
        """A run that ends FINISHED, or FAILED when the body raises."""
        text = {key: str(value) for key, value in tags.items()}
        if run_id is None:
            run = self._client.create_run(self._experiment(name), tags=text, run_name=run_name)
        else:
            run = self._client.get_run(run_id)
            for key, value in text.items():
                self._client.set_tag(run_id, key, value)
        status = "FAILED"
        try:
            yield run
            status = "FINISHED"
        finally:
            self._client.set_terminated(run.info.run_id, status)

    def _log(self, run: Any, params: dict[str, Any], metrics: dict[str, float]) -> None:
        from mlflow.entities import Metric, Param

        now = run.info.start_time  # MLflow's own clock, so that a run is one moment
        points = [Metric(key, float(value), now, 0) for key, value in metrics.items()]
        pairs = [Param(key, str(value)) for key, value in params.items()]
        for start in range(0, len(points), _METRIC_BATCH):
            self._client.log_batch(run.info.run_id, metrics=points[start : start + _METRIC_BATCH])
        for start in range(0, len(pairs), _PARAM_BATCH):
            self._client.log_batch(run.info.run_id, params=pairs[start : start + _PARAM_BATCH])

    def _log_table(self, run_id: str, label: str, frame: pd.DataFrame) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{label}.parquet"
            frame.to_parquet(path, index=False)
            self._keep(run_id, path, "tables")

    def _keep(self, run_id: str, path: Path, label: str) -> None:
        """Put a file, or what a folder holds, into folder `label` of the run's artifacts.

        MLflow's own client writes where its database says, which is where a copied or moved
        registry lay before: into somebody else's folder.
        """
        target = self._artifacts(run_id) / label
        target.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            shutil.copy2(path, target)

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return found.experiment_id
        location = (self.artifact_root / name).resolve().as_uri()
        try:
            return self._client.create_experiment(name, artifact_location=location)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return self._client.get_experiment_by_name(name).experiment_id

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _search(self, name: str, text: str) -> list[Any]:
        return list(self._client.search_runs([self._experiment(name)], text, max_results=1_000))

    def _aliases(self, name: str) -> dict[str, Any]:
        found = self._client.search_registered_models(f"name = '{name}'")
        return dict(found[0].aliases) if found else {}

    def _by_alias(self, name: str, alias: str) -> Version | None:
        number = self._aliases(name).get(alias)
        return None if number is None else self.version(name, int(number))

    def _versions(self, name: str) -> list[Any]:
        rows, token = [], None
        while True:
            page = self._client.search_model_versions(f"name = '{name}'", page_token=token)
            rows += page
            token = page.token
            if not token:
                return sorted(rows, key=lambda row: -int(row.version))

    def _tag(self, name: str, number: int, key: str, value: str) -> None:
        self._client.set_model_version_tag(name, str(number), key, value)

    def _artifacts(self, run_id: str) -> Path:
        """The run's artifact folder, also after `artifact_root` was moved or copied as a whole."""
        run = self._client.get_run(run_id)
        recorded = Path(unquote(urlparse(run.info.artifact_uri).path))
        here = self.artifact_root.joinpath(*recorded.parts[-3:])
        return recorded if recorded.is_dir() and not here.is_dir() else here


def _split_trial(row: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Parameters and metrics of one trial row; nulls are left out."""
    params: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    for key, value in row.items():
        is_scalar = pd.api.types.is_scalar(value)
        if key == "number" or (is_scalar and pd.isna(value)):
            continue
        if key.startswith("params_"):
            params[key.removeprefix("params_")] = value
        elif pd.api.types.is_number(value) and not isinstance(value, bool):
            metrics[key] = float(value)
        else:
            params[key] = value
    return params, metrics


def _digest(folder: Path) -> str:
    """SHA-256 over relative names and contents of all files below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise FileNotFoundError(f"no model files in {folder}")
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()

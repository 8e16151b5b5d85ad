"""Shared by all tests: the process environment, and no network but loopback."""

import os

import pytest

import orchestration  # noqa: F401  settles telemetry and OpenMP before anything is imported

# Files that take longest, longest first: with two workers the last file begun decides the end.
LONGEST = (
    "test_story",
    "test_weekly_game",
    "test_marts_incremental",
    "test_sandbox_world",
    "test_demand_forecaster",
    "test_reconcile",
    "test_churn_model",
    "test_automation",
)


def pytest_configure():
    """Forget the settings of whoever runs the tests, before a test file is imported."""
    # settings are read whatever their case
    for name in [name for name in os.environ if name.upper().startswith("STORK_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items):
    """Begin with the longest files."""
    rank = {name: k for k, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An MLflow database without a model, to copy: migrating one takes seconds."""
    from ml.registry import Registry

    folder = tmp_path_factory.mktemp("mlflow")
    Registry(f"sqlite:///{folder / 'mlflow.db'}", folder).history("nothing")
    return folder / "mlflow.db"


@pytest.fixture(scope="session")
def world(tmp_path_factory, worker_id):
    """The tiny world with every defect, made once for all workers."""
    from tiny_world import tiny_world

    folder = tmp_path_factory.getbasetemp()
    return tiny_world((folder if worker_id == "master" else folder.parent) / "tiny-world")


@pytest.fixture
def server():
    """Takes alerts, on loopback."""
    from alert_server import Server

    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def answered(monkeypatch):
    """What `stork` with some words answers: its exit code and what it prints."""
    from io import StringIO

    from rich.console import Console
    from typer.testing import CliRunner

    from orchestration import champions, cli, terminal

    def answered(*words: object) -> tuple[int, str]:
        printed = Console(file=StringIO(), width=150)
        for module in (champions, cli, terminal):
            monkeypatch.setattr(module, "console", printed)
        done = CliRunner().invoke(cli.app, [*map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, printed.file.getvalue()

    return answered

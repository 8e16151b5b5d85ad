"""Settings: named environments, secrets from outside, a key of one's own elsewhere."""

import os
import stat
import subprocess
import sys

import pytest

from orchestration.settings import Settings


def test_production_refuses_to_start_without_its_secret(tmp_path):
    with pytest.raises(ValueError, match="STORK_PSEUDONYM_KEY"):
        Settings(environment="production", state=tmp_path)


def test_an_environment_nobody_declared_is_refused(tmp_path):
    with pytest.raises(ValueError, match="environment"):
        Settings(environment="staging", state=tmp_path)


def test_a_state_makes_one_key_that_only_its_owner_can_read(tmp_path):
    settings = Settings(environment="test", state=tmp_path)
    assert settings.key() == Settings(environment="test", state=tmp_path).key()
    file = tmp_path / "secrets" / "pseudonym.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Settings(environment="test", state=tmp_path / "other").key() != settings.key()


def test_the_secret_does_not_show_when_settings_are_printed():
    secret = "not to be seen by anybody"
    assert secret not in repr(Settings(environment="test", pseudonym_key=secret))


def test_no_setting_is_there_unless_a_test_makes_it():
    # what dbt is told, STORK_LAKE and the like, is no setting: a graph built before leaves it here
    settings = {f"STORK_{name}".upper() for name in Settings.model_fields}
    assert not settings & {name.upper() for name in os.environ}
    assert Settings().horizon == 13


def test_settings_of_whoever_runs_the_tests_reach_none():
    odd = {"STORK_HORIZON": "5", "stork_language": "en", "STORK_STATE": "elsewhere"}
    one = f"{__file__}::{test_no_setting_is_there_unless_a_test_makes_it.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", one],
        env=os.environ | odd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout

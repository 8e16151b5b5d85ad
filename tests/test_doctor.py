"""`stork doctor` finds what is wrong and says how to mend it."""

from orchestration import doctor, runner
from orchestration.settings import Settings


def findings(settings: Settings) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.examine(settings)}


def test_this_machine_is_fit(tmp_path):
    found = findings(Settings(environment="test", state=tmp_path))
    assert [f for f in found.values() if not f.healthy] == []


def test_a_running_run_is_named_as_the_holder_of_the_lock(tmp_path):
    settings = Settings(environment="test", state=tmp_path)
    with runner.lock(settings):
        held = findings(settings)["lock"]
    assert not held.healthy
    assert "run.lock" in held.found
    assert held.mend
    assert findings(settings)["lock"].healthy


def test_too_little_disk_is_said_with_the_number(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "FREE_GIB", 10.0**9)
    disk = findings(Settings(environment="test", state=tmp_path))["free disk"]
    assert not disk.healthy
    assert "GiB" in disk.found


def test_a_package_of_the_wrong_version_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        doctor.importlib.metadata, "requires", lambda _: ["duckdb>=99", "no-such-package"]
    )
    packages = findings(Settings(environment="test", state=tmp_path))["packages"]
    assert not packages.healthy
    assert "duckdb" in packages.found
    assert "no-such-package is missing" in packages.found


def test_a_state_folder_that_cannot_be_written_is_found_and_not_stumbled_over(tmp_path):
    (tmp_path / "file").write_text("in the way")
    found = findings(Settings(environment="test", state=tmp_path / "file" / "state"))
    assert not found["write access to state"].healthy
    assert str(tmp_path / "file") in found["write access to state"].mend

"""Shared by all tests: the process environment, and no network but loopback."""

import orchestration  # noqa: F401  settles telemetry and OpenMP before anything is imported

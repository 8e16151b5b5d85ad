"""The seeded shop that answers for real ones: demo, tests, closed loop."""

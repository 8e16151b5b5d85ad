"""Was it right: watches data and models, returns verdicts, never changes anything."""

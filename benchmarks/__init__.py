"""The measured side by sides: each module prints what it claims and fails when it does not hold."""

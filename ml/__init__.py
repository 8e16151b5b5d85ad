"""What will happen: frames in, frames out; no Dagster, no clock, no environment."""

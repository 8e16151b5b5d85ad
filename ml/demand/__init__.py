"""Demand per series and week: point, quantiles, and the distribution of sums."""

"""What to order, how much and by when: arithmetic over a position and a forecast, nothing else."""

"""Who is about to stop buying: labels, features, models, evaluation, and the list people act on."""

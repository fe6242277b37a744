"""`make eval`: what the evaluation's figures are worth, each marked MEASURED, REPLAYED or SIMULATED, as tables."""

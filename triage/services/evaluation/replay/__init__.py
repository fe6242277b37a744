"""A cascade played on answers that real models gave once: nothing is asked, nothing is paid.

`records` reads the answers, `costs` prices them, `cascade` routes tickets by confidence, `choosing` sets the thresholds,
`playing` does it all for one split, `summary` over many. What comes of it holds for the recorded models on the recorded tickets.
"""

"""What an evaluation's answers say, as JSON: `computing.compute`. Pure; the figures are those of `services.statistics`.

It fits curves with scikit-learn, which takes 136 MB: only the `bulk` worker and commands import it. Pages read what was stored.
"""

from triage.services.evaluation.results.computing import compute

__all__ = ["compute"]

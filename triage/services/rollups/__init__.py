"""Figures by the hour and the day, kept equal to the rows they sum.

Triggers note which hours have changed (`RollupNote`), in the transaction that changes them. `refresh` takes the notes and sums
those hours anew, and their days, in one transaction: done twice it changes nothing, stopped anywhere it has done nothing, and
what changes meanwhile leaves a note for the next time. `rebuild` sums everything anew. Hours whose calls and attempts were pruned
(`RollupState.ledger_from`) keep what they had.
"""

from triage.services.rollups.keeping import keep_from
from triage.services.rollups.refreshing import rebuild, refresh, roll_up

__all__ = ["keep_from", "rebuild", "refresh", "roll_up"]

"""A believable history, simulated: calls, attempts, tickets, runs, drafts. For trying pages and measures, not for the ledger of a
house that asks Claude. Everything in it is made up; what it says to have cost is exact for the prices it names.
"""

from triage.services.history.seeding import Step, Wish, finish, has_real_history, seed

__all__ = ["Step", "Wish", "finish", "has_real_history", "seed"]

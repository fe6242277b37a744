"""The fault table: each way in which Claude can fail, what the caller gets for it, and whether ledger and bill agree.

`cases` is the one list of faults. `python -m faults` runs it with the real timers, the suite with short ones. All of it is
simulated: the requests go over real HTTP, but to our own simulator, which plays the faults by name.
"""

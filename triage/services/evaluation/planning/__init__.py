"""What so many tickets will cost, plan by plan: arithmetic on prices and on inputs that each say where they come from.

`costs` and `plans` are pure; `reading` and `ledger` take the inputs from this installation. Nothing here says how right an
answer is.
"""

"""The statistics of an evaluation: pure functions over sequences, with no database and no model behind them.

`intervals` and `mcnemar` say how sure a figure is, `scores` and `reliability` how good the answers and their confidences were,
`thresholds` from which confidence on they may stand alone, `calibrating` makes a confidence mean what it says, `drift` notices
when that is over, and `splits` keeps apart the tickets that each of these learns from.

Everything assumes that the judged tickets are a random sample of those it speaks about: recent ones, never only the corrected.
A chance `d` (0 to 1) is that of a promise being wrong. What cannot be computed raises `InvalidInput`, naming what is wrong.
"""

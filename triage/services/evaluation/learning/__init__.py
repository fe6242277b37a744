"""What triage learns from people: a local model that is certified before it may answer, and audits that notice when that is over.

`examples` reads confirmed labels, `feedback` holds back what one person could poison, `fading` lets old ones count less,
`dealing` parts them for what each serves, `training` and `certifying` make a candidate of them, `releasing` compares it with the
champion, `shadow` and `shadowing` look on for a day, `auditing` has automatic answers judged at random, `drifting` watches those
judgements, `nightly` does all that has to be done by the clock.
"""

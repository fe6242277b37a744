"""Stage 0 of a cascade: a small model of our own that answers what it is sure of, for nothing.

`training` fits it on confirmed labels, `model` answers, `fusion` joins its answer with that of a Claude model, `storage` keeps it
in one file that holds numbers and words and no code. Everything is pure: no database, no network.

A model knows words of the tickets it was trained on: keep it where tickets are kept, and train it anew when one is deleted.
"""

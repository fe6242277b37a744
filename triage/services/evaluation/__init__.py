"""How good triage is, told from judged tickets alone: what may be claimed, what may not, and how many labels that takes."""

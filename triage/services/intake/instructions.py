"""Text that reads like an instruction to a machine. It flags a ticket for a person; it never hides or refuses one.

Limits: phrases, not understanding. What it misses is still only data in the prompt, and a label can be wrong but not invented.
"""

import re

PHRASES = (
    # "ignore all previous instructions" and its relatives
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:instruction|prompt|rule|guideline|direction)s?\b",
    r"\b(?:ignoriere|vergiss|missachte)\b[^.\n]{0,40}\b(?:anweisung|regel|vorgabe)\w*",
    r"\b(?:ignore[zr]?|oublie[zr]?)\b[^.\n]{0,40}\b(?:instruction|consigne|règle)s?\b",
    r"\b(?:ignora|ignore|olvida|olvide|esqueça)\b[^.\n]{0,40}\b(?:instruccion|instrucci[oó]n|regla|instruç[aã]o|instruções|regra)\w*",
    r"\b(?:zignoruj|zapomnij)\b[^.\n]{0,40}\b(?:instrukcj|polece[nń])\w*",
    # orders about the triage itself
    r"\b(?:classify|label|categori[sz]e|tag|mark|flag|route|escalate)\s+(?:this|the|my)\s+(?:ticket|request|message|email|e-mail)?\s*(?:as|to|with)\b",
    r"\b(?:set|change)\s+(?:the\s+)?(?:priority|label|status|confidence|category)\s+(?:to|as)\b",
    r"\b(?:respond|reply|answer)\s+only\s+with\b",
    r"\byou\s+are\s+(?:now|no longer)\s+(?:an?|the|in)\b",
    r"\b(?:system|developer)\s+(?:prompt|message|instruction)s?\b",
    # borrowed roles and markers
    r"^\s*(?:system|assistant|human|user)\s*:",
    r"<\|[^|>\n]{1,40}\|>",
    r"\[/?INST\]",
    r"</?(?:system|assistant|instructions?|ticket)\b[^>\n]{0,40}>",
)
SUSPECT = re.compile("|".join(f"(?:{phrase})" for phrase in PHRASES), re.IGNORECASE | re.MULTILINE)


def find_instruction(text: str) -> str:
    """The first passage of `text` that reads like an instruction, at most 200 characters; "" if none does."""
    found = SUSPECT.search(text)
    return " ".join(found.group().split())[:200] if found else ""

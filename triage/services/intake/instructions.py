"""Text that reads like an instruction to a machine. It flags a ticket for a person; it never hides or refuses one.

Customers say “ignore my last mail”, “escalate this to your manager” and “System: Windows 11” every day, so a phrase counts
only with a word that a customer has no use for: “all previous instructions”, “label this ticket as”.

Limits: phrases, not understanding. What it misses is still only data in the prompt, and a label can be wrong but not invented.
"""

import re
import unicodedata

PASSAGE_MAX_CHARACTERS = 200
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060-\u2064]")
BLANKS = re.compile(r"[^\S\n]+")
BLANK_LINES = re.compile(r"\s*\n\s*")


def _phrase(verbs: str, qualifiers: str, nouns: str, *, after: str = "") -> str:
    """`verbs`, at least one of `qualifiers` before or `after` behind, and `nouns`, with small words in between."""
    small = r"(?:the|of|die|der|den|les|de|las|los|o|as|os|le|gli|i|het) "
    before = rf"(?:{verbs}) (?:{small}){{0,2}}(?:(?:{qualifiers}) (?:{small}){{0,2}}){{1,5}}(?:{nouns})\b"
    behind = rf"(?:{verbs}) (?:{small}){{0,2}}(?:{nouns}) (?:{after})\b" if after else r"(?!)"
    return rf"\b(?:{before}|{behind})"


# Patterns see text with single spaces and single newlines. `(?!)` never matches.
FORGET_INSTRUCTIONS = (
    _phrase(
        "ignore|disregard|forget|override|bypass|discard",
        "all|any|every|your|these|those|previous|prior|above|earlier|preceding|foregoing|system|original|initial|existing",
        "(?:instruction|prompt|rule|guideline|direction|directive|command)s?",
        after="above|you were given|you have been given|given to you",
    ),
    r"\b(?:ignore|disregard|forget) (?:everything|all|anything) "
    r"(?:above|before this|you(?:'ve| have| were| had)? (?:been )?told)\b",
    _phrase(
        "ignorieren? ?(?:sie)?|vergiss|vergessen sie|missachten? ?(?:sie)?",
        "alle|allen|deine|ihre|sämtliche|bisherigen?|vorherigen?|vorigen?|obigen?|früheren?|vorangegangenen?",
        r"(?:system)?(?:anweisung|regel|vorgabe|instruktion|befehl)\w{0,3}",
    ),
    _phrase(
        "ignore[zr]?|oublie[zr]?",
        "toutes|tous|tes|vos|ces|précédentes|anciennes",
        "(?:instruction|consigne|règle|directive)s?",
        after="précédentes|antérieures|ci-dessus|qui précèdent|du système",
    ),
    _phrase(
        "ignor[ae]|olvid[ae]|desconsider[ae]|esqueça|esquece|omit[ae]",
        "todas|tus|sus|suas|tuas|cualesquiera|quaisquer|anteriores|previas",
        "instrucciones|reglas|órdenes|indicaciones|instruções|regras|ordens",
        after="anteriores|previas|prévias|de arriba|acima|del sistema|do sistema",
    ),
    _phrase(
        "ignora|ignorate|dimentica|dimenticate",
        "tutte|tue|vostre|precedenti",
        "istruzioni|regole|indicazioni|direttive",
        after="precedenti|di sopra|del sistema",
    ),
    _phrase(
        "zignoruj|ignoruj|zapomnij|pomiń",
        "wszystkie|wszystkich|swoje|swoich|twoje|poprzednie|poprzednich|powyższe|powyższych|wcześniejsze|wcześniejszych",
        "instrukcj[eia]|polece(?:nia|ń)|zasad[y]?|reguł[y]?|wytyczn(?:e|ych)",
    ),
    _phrase(
        "negeer|vergeet",
        "alle|je|uw|jouw|vorige|eerdere|bovenstaande|voorgaande",
        "instructies|regels|opdrachten|aanwijzingen",
    ),
    r"\b(?:игнорируй|забудь|проигнорируй)(?:те)? (?:все|предыдущие|прежние|вышеуказанные) "
    r"(?:\w{1,14} )?(?:инструкции|указания|правила)",
    r"(?:忽略|无视|忘记)(?:.{0,4})(?:之前|以上|上面|先前|前面|所有)(?:.{0,6})(?:指令|指示|说明|规则|提示)",
    r"(?:以前|これまで|上記|今まで)の(?:すべての|全ての)?(?:指示|命令|ルール)(?:.{0,6})(?:無視|忘れ)",
)
ORDERS = (
    # about the triage itself
    r"\b(?:classify|label|categori[sz]e|tag) (?:this|the|my) (?:(?:ticket|request|message|text|e-?mail) )?(?:as|with|under)\b",
    r"(?:^|[.!?:;,] )(?:please |now |and |then )?(?:set|change) (?:the |its |this |your )?"
    r"(?:label|category|classification|confidence)(?: of this ticket)? (?:to|as)\b",
    r"\b(?:confidence|confidence score) (?:of|to|is|=|:) ?(?:1(?:\.0+)?|0\.9\d*|100 ?%)",
    r"\b(?:klassifiziere|kategorisiere|etikettiere) (?:dieses|das) ticket\b",
    r"\b(?:classe|classez|catégorise[rz]?|étiquette[rz]?) ce (?:ticket|message) (?:comme|en|dans)\b",
    r"\b(?:clasifica|clasifique|etiqueta|classifique|etiquete) este (?:ticket|mensaje|mensagem|chamado) como\b",
    r"\b(?:sklasyfikuj|oznacz) (?:to zgłoszenie|ten ticket) jako\b",
    r"\b(?:respond|reply|answer|output|return) (?:only|nothing but|with only) (?:with |in )?(?:the |a |an )?"
    r"(?:word|label|json|string|phrase|[\"“'‘{])",
    # about what the machine is or was told
    r"\byou are (?:now|no longer) (?:an? |the |my )?(?:\w{1,14} )?"
    r"(?:ai|assistant|chat ?bot|bot|language model|llm|dan|unrestricted|jailbroken|bound by)\b",
    r"\byou are now in (?:\w{1,14} )?mode\b",
    r"\b(?:enter|enable|activate) (?:developer|debug|jailbreak|god|admin) mode\b",
    r"\b(?:your|the|this|hidden|above) system (?:prompt|instructions?)\b",
    r"\b(?:reveal|repeat|print|output|leak) (?:me )?(?:your|the|all) (?:\w{1,14} )?"
    r"(?:prompt|(?:system|initial|hidden|original|secret) instructions?)\b",
    r"\b(?:new|updated|real|actual) (?:system )?instructions? (?:for|to) (?:the |you,? (?:the )?)?"
    r"(?:ai|assistant|model|bot|classifier|llm)\b",
    r"\bnew system (?:prompt|instructions?)\b",
)
BORROWED_ROLES = (
    r"^(?:assistant|human) ?:",
    r"^\W{0,4}system\W{0,3}:\W{0,4}(?:you|ignore|disregard|forget|override|classify|label|always|never|from now|"
    r"new|set|respond|reply|the (?:ticket|label))\b",
    r"<\|[^|>\n]{1,40}\|>",
    r"\[/?INST\]|<</?SYS>>",
    r"</?(?:system|assistant|human|instructions?)\s?>",
    r"</(?:ticket|labels?)\s?>|(?<!\w)<(?:ticket|labels?)\s?>",
)
# A phrase may be wrapped; a borrowed role begins a line.
ACROSS_LINES = [phrase.replace(" ", r"\s") for phrase in (*FORGET_INSTRUCTIONS, *ORDERS)]
SUSPECT = re.compile("|".join([*ACROSS_LINES, *BORROWED_ROLES]), re.IGNORECASE | re.MULTILINE)


def find_instruction(text: str) -> str:
    """The first passage of `text` that reads like an instruction, at most 200 characters; "" if none does."""
    found = SUSPECT.search(_plain(text))
    return " ".join(found.group().split())[:PASSAGE_MAX_CHARACTERS] if found else ""


def _plain(text: str) -> str:
    """`text` as it reads: compatible letters folded, nothing invisible, single spaces and newlines."""
    visible = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return BLANK_LINES.sub("\n", BLANKS.sub(" ", visible))

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
    return f"{before}|{behind}"


# Patterns see small letters, single spaces and single newlines. `(?!)` never matches. The first two lists begin a word.
FORGET_INSTRUCTIONS = (
    _phrase(
        "ignore|disregard|forget|discard",
        "all|any|every|your|these|those|previous|prior|above|earlier|preceding|foregoing|system|original|initial|existing",
        "(?:instruction|prompt|rule|guideline|direction|directive|command)s?",
        after="above|you were given|you have been given|given to you",
    ),
    _phrase(
        "override|bypass",
        "your|previous|prior|above|system|original|initial|safety",
        "(?:instruction|guideline|directive|prompt)s?",
    ),
    r"(?:ignore|disregard|forget) (?:everything|all|anything) "
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
    r"(?:игнорируй|забудь|проигнорируй)(?:те)? (?:все|предыдущие|прежние|вышеуказанные) "
    r"(?:\w{1,14} )?(?:инструкции|указания|правила)",
)
ORDERS = (
    # about the triage itself
    r"(?:classify|label|categori[sz]e|tag) (?:this|the|my) (?:(?:ticket|request|message|text|e-?mail) )?(?:as|with|under)\b",
    r"(?:confidence|confidence score) (?:of|to|is|=|:) ?(?:1(?:\.0+)?|0\.9\d*|100 ?%)",
    r"(?:klassifiziere|kategorisiere|etikettiere) (?:dieses|das) ticket\b",
    r"(?:classe|classez|catégorise[rz]?|étiquette[rz]?) ce (?:ticket|message) (?:comme|en|dans)\b",
    r"(?:clasifica|clasifique|etiqueta|classifique|etiquete) este (?:ticket|mensaje|mensagem|chamado) como\b",
    r"(?:sklasyfikuj|oznacz) (?:to zgłoszenie|ten ticket) jako\b",
    r"(?:respond|reply|answer|output|return) (?:only|nothing but|with only) (?:with |in )?(?:the |a |an )?"
    r"(?:word|label|json|string|phrase|[\"“'‘{])",
    # about what the machine is or was told
    r"you are (?:now|no longer) (?:an? |the |my )?(?:\w{1,14} )?"
    r"(?:ai|assistant|chat ?bot|bot|language model|llm|dan|unrestricted|jailbroken|bound by)\b",
    r"you are now in (?:\w{1,14} )?mode\b",
    r"(?:enter|enable|activate) (?:jailbreak|god|dan) mode\b",
    r"(?:your|hidden|above) system (?:prompt|instructions?)\b",
    r"(?:reveal|repeat|print|output|leak) (?:me )?(?:your|the|all) (?:\w{1,14} )?"
    r"(?:prompt|(?:system|initial|hidden|original|secret) instructions?)\b",
    r"(?:new|updated|real|actual) (?:system )?instructions? (?:for|to) (?:the |you,? (?:the )?)?"
    r"(?:ai|assistant|model|bot|classifier|llm)\b",
    r"new system (?:prompt|instructions?)\b",
)
ELSEWHERE = (
    r"(?:^|[.!?:;,] )(?:please |now |and |then )?(?:set|change) (?:the |its |this |your )?"
    r"(?:label|category|classification|confidence)(?: of this ticket)? (?:to|as)\b",
    r"(?:忽略|无视|忘记)(?:.{0,4})(?:之前|以上|上面|先前|前面|所有)(?:.{0,6})(?:指令|指示|说明|规则|提示)",
    r"(?:以前|これまで|上記|今まで)の(?:すべての|全ての)?(?:指示|命令|ルール)(?:.{0,6})(?:無視|忘れ)",
)
BORROWED_ROLES = (
    r"^(?:assistant|human) ?:",
    r"^\W{0,4}system\W{0,3}:\W{0,4}(?:you|ignore|disregard|forget|override|classify|label|always|never|from now|"
    r"new|set|respond|reply|the (?:ticket|label))\b",
    r"<\|[^|>\n]{1,40}\|>",
    r"\[/?inst\]|<</?sys>>",
    r"</?(?:system|assistant|human|instructions?)\s?>",
    r"</(?:ticket|labels?)\s?>|(?<!\w)<(?:ticket|labels?)\s?>",
)
# A phrase may be wrapped. Small letters and one test for the word's beginning make the search five times as fast.
BEGINNING_A_WORD = "|".join((*FORGET_INSTRUCTIONS, *ORDERS)).replace(" ", r"\s")
ANYWHERE = "|".join((*ELSEWHERE, *BORROWED_ROLES)).replace(" ", r"\s")
SUSPECT = re.compile(rf"\b(?:{BEGINNING_A_WORD})|{ANYWHERE}", re.MULTILINE)


def find_instruction(text: str) -> str:
    """The first passage of `text` that reads like an instruction, at most 200 characters; "" if none does."""
    plain = _plain(text)
    lowered = plain.lower()
    found = SUSPECT.search(lowered)
    if found is None:
        return ""
    source = plain if len(plain) == len(lowered) else lowered  # a few letters grow when lowered
    return " ".join(source[found.start() : found.end()].split())[:PASSAGE_MAX_CHARACTERS]


def _plain(text: str) -> str:
    """`text` as it reads: compatible letters folded, nothing invisible, single spaces and newlines."""
    visible = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return BLANK_LINES.sub("\n", BLANKS.sub(" ", visible))

"""What a person newly wrote: without quoted mails and signatures. For the prompt alone; the ticket keeps all of it.

Written for hostile input: every line is looked at a fixed number of times, by patterns of bounded length. What a customer
forwards is their concern and is kept; what a mail program quotes of the thread is not. Limits: mail programs in the
languages listed; a narrative that ends in a dated “… wrote:” reads like a quotation.
"""

import re

INTRO_MAX_CHARACTERS = 400
BARE_BLOCK_LINES = 3  # so many lines with ">" are a quotation even without an introduction
BLANKS_AFTER_INTRO = 2
HEADER_LINES = 4  # among so many lines the date follows the sender
SIGNATURE_MAX_LINES = 15  # a longer text after a "--" is no signature

ADDRESS = re.compile(r"<[^<>\s]{1,64}@[^<>\s]{1,190}>")
DIGIT = re.compile(r"\d")
WROTE = re.compile(
    r"^(?:on|am|le|el|il|em|op|den|dnia|w dniu)\b.{0,300}?"
    r"\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|geschreven|skrev|napisał)\b",
    re.IGNORECASE,
)
ORIGINAL = re.compile(
    r"^-{2,12} ?(?:original message|ursprüngliche nachricht|message d'origine|message original|mensaje original|"
    r"mensagem original|messaggio originale|oorspronkelijk bericht|wiadomość oryginalna|oryginalna wiadomość) ?-{2,12}$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"^(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du message (?:transféré|réexpédié)|"
    r"inicio del mensaje reenviado|inizio messaggio inoltrato):|"
    r"^-{2,12} ?(?:forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|mensagem encaminhada|"
    r"messaggio inoltrato|doorgestuurd bericht|przekazana wiadomość|wiadomość przekazana)\b",
    re.IGNORECASE,
)
SENDER = re.compile(r"^\*?(?:from|von|de|da|od|van|från) ?:", re.IGNORECASE)
SENT = re.compile(
    r"^\*?(?:sent|date|gesendet|datum|envoyé|enviado(?: el)?|fecha|enviada(?: em)?|data|inviato|verzonden|wysłano|skickat) ?:",
    re.IGNORECASE,
)
DEVICE = r"(?:i?phone|ipad|android|galaxy|outlook|mobile|smartphone|handy|móvil|celular|telefonu?|windows mail)"
SIGNATURE = re.compile(
    r"^(?:--"
    r"|(?:sent from|sent with|get|gesendet|von meinem|von meiner|envoyé|enviado|inviato|verstuurd|verzonden|wysłane|wysłano)\b"
    rf".{{0,40}}\b{DEVICE}\b.{{0,20}})$",
    re.IGNORECASE,
)


def new_words(text: str) -> str:
    """`text` without quoted parts and without its signature; the whole text where nothing else would be left."""
    fresh = "\n".join(part for is_fresh, part in parts(text) if is_fresh)
    return "\n".join(_without_signature(fresh.split("\n"))).strip() or text.strip()


def parts(text: str) -> list[tuple[bool, str]]:
    """`text` in its order as `(is_fresh, lines)`; joined with newlines the parts are the whole text again."""
    lines = text.split("\n")
    found: list[tuple[bool, list[str]]] = []
    number = 0
    while number < len(lines):
        is_forward = bool(FORWARDED.match(lines[number]))
        quoted = 0 if is_forward else _quoted_lines(lines, number)
        end = len(lines) if is_forward else number + (quoted or 1)
        if not found or found[-1][0] != (quoted == 0):
            found.append((quoted == 0, []))
        found[-1][1].extend(lines[number:end])
        number = end
    return [(is_fresh, "\n".join(part)) for is_fresh, part in found]


def _quoted_lines(lines: list[str], start: int) -> int:
    """How many lines from `start` on are quoted; 0 if that line is the writer's own."""
    rest = len(lines) - start
    if ORIGINAL.match(lines[start].strip()) or _is_header_block(
        lines[start : start + HEADER_LINES]
    ):
        return rest
    if length := _intro_lines(lines, start):
        if block := _block_lines(lines, start + length, blanks=BLANKS_AFTER_INTRO):
            return length + block
        if WROTE.match(" ".join(lines[start : start + length])):
            return rest
    block = _block_lines(lines, start, blanks=0)
    return block if block >= BARE_BLOCK_LINES else 0


def _intro_lines(lines: list[str], start: int) -> int:
    """How many lines an introduction takes from `start` on: one, two where it is wrapped, 0 if none begins there."""
    first, second = lines[start].strip(), "".join(lines[start + 1 : start + 2]).strip()
    if _is_intro(first):
        return 1
    return 2 if not _is_intro(second) and _is_intro(f"{first} {second}") else 0


def _is_intro(line: str) -> bool:
    """“On 3 May 2026 Bob wrote:” in any language: a date, a colon at the end, and an address or the verb."""
    is_possible = line.endswith(":") and len(line) <= INTRO_MAX_CHARACTERS and DIGIT.search(line)
    return bool(is_possible and (ADDRESS.search(line) or WROTE.match(line)))


def _is_header_block(lines: list[str]) -> bool:
    return bool(SENDER.match(lines[0])) and any(SENT.match(line) for line in lines[1:])


def _block_lines(lines: list[str], start: int, *, blanks: int) -> int:
    """How many lines from `start` on are a quotation marked with ">", after at most `blanks` blank ones; 0 for none."""
    number = start
    while number < len(lines) and number - start < blanks and not lines[number].strip():
        number += 1
    first = number
    while number < len(lines) and lines[number].startswith(">"):
        number += 1
    return number - start if number > first else 0


def _without_signature(lines: list[str]) -> list[str]:
    start = max(0, len(lines) - SIGNATURE_MAX_LINES)
    for number in range(start, len(lines)):
        if SIGNATURE.match(lines[number].strip()):
            return lines[:number]
    return lines

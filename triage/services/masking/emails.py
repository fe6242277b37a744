"""Where e-mail addresses stand. Candidates are found by shape, and judged by `email-validator`, without asking the DNS."""

import html
import re
from collections.abc import Iterator

from email_validator import EmailNotValidError, validate_email

from triage.services.masking.reading import Span

# Texts reach a prompt partly XML-escaped, and addresses inside links are percent-encoded.
ESCAPED = r"&(?:amp|apos|quot|#39|#x27);"
AT = r"@|%40|&#64;|&#x40;|&commat;"
# "/" and "?" may stand in a local part too, but nearly always they are a link's.
LOCAL = rf"""[^\W](?:{ESCAPED}|[\w.!#$%&'*+^`{{|}}~=-]){{0,63}}|"[^"\n]{{1,62}}\""""
HYPHENED = r"(?:-+[^\W_]+)*"
DOMAIN = rf"(?:[^\W_]+{HYPHENED}\.)+[^\W\d_][^\W_]*{HYPHENED}"
CANDIDATE = re.compile(rf"(?P<local>{LOCAL})(?:{AT})(?P<domain>{DOMAIN})")
DOTS = re.compile(r"\.{2,}")
# Below it a name that a house uses inside (intranet.local) is judged by its letters; by itself it is refused.
ANY_DOMAIN = "example.com"


def spans(text: str) -> Iterator[Span]:
    """The spans of e-mail addresses in `text`."""
    for found in CANDIDATE.finditer(text):
        if _is_address(found["local"], found["domain"]):
            yield found.span()


def _is_address(local: str, domain: str) -> bool:
    """Some carriers have handed out addresses with dots in a row or before the @, against the standard: they count."""
    plain = html.unescape(local)
    if not plain.startswith('"'):
        plain = DOTS.sub(".", plain).rstrip(".")
    address = f"{plain}@{domain}.{ANY_DOMAIN}"
    try:
        validate_email(address, check_deliverability=False, allow_quoted_local=True)
    except EmailNotValidError:
        return False
    return True

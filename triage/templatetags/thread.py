"""A message's text for reading: what is new open, what it quotes folded away."""

from dataclasses import dataclass

from django import template

from triage.services.intake import quoting

register = template.Library()


@dataclass(frozen=True, slots=True)
class Part:
    """A run of lines, `is_quoted` where they come from an earlier mail."""

    text: str
    is_quoted: bool


@register.filter
def parts(body: str) -> list[Part]:
    """The body in its order; blank parts are left out."""
    found = quoting.parts(body)
    return [Part(text.strip("\n"), not is_fresh) for is_fresh, text in found if text.strip()]

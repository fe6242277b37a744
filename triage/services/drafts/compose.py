"""What Claude is asked for a draft: a guide that is the same for all drafts of a version, then sources, thread and question.

Only what the customer may see goes in: an internal note could otherwise be quoted to them. Nothing of a ticket, a source or a
wish may ever enter the guide.
"""

import hashlib
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from django.conf import settings

from triage.models import Article, Message, Ticket
from triage.models.tickets import AuthorKind
from triage.services import knowledge
from triage.services.drafts.asking import TEMPLATES, as_data, instruction
from triage.services.drafts.guide import GUIDE
from triage.services.gateway import Request
from triage.services.intake.cleaning import bounded, shortened
from triage.services.intake.quoting import new_words

MAX_OUTPUT_TOKENS = 1_200  # four times the length that the guide asks for
NAME_MAX_CHARACTERS = 80
SOURCES_MAX_CHARACTERS = 6_000  # of all articles together


@dataclass(frozen=True, slots=True)
class Composed:
    """The request for one draft, and the `articles` that it is given as sources.

    `thread_mark` is the newest message it has seen, 0 where there is only the description.
    """

    request: Request
    thread_mark: int
    articles: tuple[Article, ...] = ()


def compose(ticket: Ticket, *, steer: str = "", tone: str = "", so_far: str = "") -> Composed:
    """The request for a reply to the ticket as it stands now. Reads its thread and looks for articles that fit.

    Args:
        steer: What the colleague wishes of it.
        tone: A value of Tone.
        so_far: The text of a reply that broke off, to be gone on with.
    """
    thread = list(ticket.messages.all())
    articles = knowledge.find_articles(_topic(ticket, thread), team_id=ticket.team_id)
    documents = (sources_document(articles), thread_document(ticket, thread))
    request = Request(
        system=GUIDE,
        content=(*filter(None, documents), instruction(steer=steer, tone=tone, so_far=so_far)),
        max_tokens=MAX_OUTPUT_TOKENS,
        prompt_version=prompt_version(),
    )
    mark = max((message.pk for message in thread), default=0)
    return Composed(request, mark, tuple(articles))


def prompt_version() -> str:
    """The hash of the template."""
    return hashlib.sha256("\0".join([GUIDE, *TEMPLATES]).encode()).hexdigest()[:16]


def sources_document(articles: list[Article]) -> str:
    """The articles as delimited data, each cut to its share of what all may have; "" where there are none."""
    if not articles:
        return ""
    most = SOURCES_MAX_CHARACTERS // len(articles)
    return "\n".join(["<sources>", *(_source(each, most) for each in articles), "</sources>"])


def thread_document(ticket: Ticket, thread: list[Message]) -> str:
    """The ticket as delimited data: subject, first message, and the newest further ones that fit, oldest first."""
    most = settings.TRIAGE_TICKET_MAX_CHARACTERS
    public = [message for message in thread if message.is_public]
    further = _that_fit(public, most * 3 // 4)
    first = bounded(new_words(ticket.description), most - sum(len(text) for _, text in further))
    left_out = len(public) - len(further)
    parts = [
        _opening(ticket),
        *([f"<subject>{as_data(ticket.subject)}</subject>"] if ticket.subject else []),
        _block("customer", first),
        *([f"[{left_out} earlier messages are left out here]"] if left_out else []),
        *(_block(author, text) for author, text in further),
        "</ticket>",
    ]
    return "\n".join(parts)


def _that_fit(messages: list[Message], most: int) -> list[tuple[str, str]]:
    """The newest messages as (author, text), each cut to a third of `most` characters, as many as `most` holds."""
    kept: list[tuple[str, str]] = []
    for message in reversed(messages):
        text = bounded(new_words(message.body), most // 3)
        most_left = most - sum(len(each) for _, each in kept)
        if len(text) > most_left:
            break
        is_customer = message.author_kind == AuthorKind.REQUESTER
        kept.append(("customer" if is_customer else "agent", text))
    return kept[::-1]


def _opening(ticket: Ticket) -> str:
    name = ticket.requester.name if ticket.requester else ""
    if not name:
        return "<ticket>"
    return f"<ticket customer={quoteattr(shortened(name, most=NAME_MAX_CHARACTERS))}>"


def _block(author: str, text: str) -> str:
    return f'<message from="{author}">\n{as_data(text)}\n</message>'


def _source(article: Article, most: int) -> str:
    title = quoteattr(as_data(article.title))
    text = as_data(bounded(article.body, most))
    return f'<source id="{article.pk}" kind="{article.kind}" title={title}>{text}</source>'


def _topic(ticket: Ticket, thread: list[Message]) -> str:
    """What it is about, the newest first: the first words weigh most in a long text."""
    said = [each.body for each in thread if each.author_kind == AuthorKind.REQUESTER]
    texts = [
        ticket.subject,
        *(new_words(body) for body in said[-1:]),
        new_words(ticket.description),
    ]
    return "\n".join(texts)

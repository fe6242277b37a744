"""Drafts with masking on: Claude reads and writes placeholders, the agent reads the originals, also while it is written."""

import pytest

from accounts.models import User
from tests.integration.drafts.cases import follow, told, written
from tests.integration.masking.cases import SECRETS, kept_of_calls
from tests.integration.masking.tap import Tap
from tests.unit.gateway.stream_cases import HALF, OPEN, SHUT, START, STOP, delta, end, says
from tests.unit.gateway.upstream import Upstream
from triage.models import Channel, DraftState, Obtained, Ticket
from triage.services import drafts, intake
from triage.services.intake import NewTicket
from triage.simulator import RunningSimulator

pytestmark = pytest.mark.usefixtures("masked")


def receive(address: str = SECRETS["EMAIL"]) -> Ticket:
    text = f"Write to {address} or call {SECRETS['PHONE']} about my broken kettle, please."
    return intake.receive(NewTicket(description=text, channel=Channel.EMAIL)).ticket


def test_a_draft_that_quotes_the_ticket_shows_the_originals(
    transactional_db: None, alice: User, wire: Tap, claude: RunningSimulator
) -> None:
    draft = written(drafts.propose(receive().pk, by=alice))

    assert draft.state == DraftState.READY
    assert SECRETS["EMAIL"] in draft.text
    assert "[EMAIL" not in draft.text
    assert "Write to [EMAIL_1] or call [PHONE_1]" in wire
    assert [secret for secret in SECRETS.values() if secret in wire] == []


def test_what_is_kept_of_its_call_holds_no_original(
    transactional_db: None, alice: User, claude: RunningSimulator
) -> None:
    written(drafts.propose(receive().pk, by=alice))

    kept = kept_of_calls()

    assert "[EMAIL_1]" in kept
    assert [secret for secret in SECRETS.values() if secret in kept] == []


def test_two_customers_drafts_are_one_request_with_an_address_each(
    transactional_db: None, alice: User, claude: RunningSimulator
) -> None:
    first = written(drafts.propose(receive().pk, by=alice))
    second = written(drafts.propose(receive("bob@shop.example").pk, by=alice))

    assert (second.obtained, len(claude.rows())) == (Obtained.STORED, 1)
    assert second.text == first.text.replace(SECRETS["EMAIL"], "bob@shop.example")
    assert "bob@shop.example" in second.text


@pytest.mark.parametrize(
    "pieces",
    [("Hi [EMA", "IL_1], ", "[X] [PHO", "NE", "_1]."), tuple("Hi [EMAIL_1], [X] [PHONE_1].")],
)
def test_a_placeholder_that_comes_in_pieces_is_told_whole(
    pieces: tuple[str, ...], transactional_db: None, alice: User, upstream: Upstream
) -> None:
    says(upstream, START, OPEN, *map(delta, pieces), SHUT, end(), STOP)
    draft = drafts.propose(receive().pk, by=alice)

    after = written(draft)

    assert after.text == f"Hi {SECRETS['EMAIL']}, [X] {SECRETS['PHONE']}."
    assert told(follow(draft)) == after.text


def test_what_was_held_back_of_a_broken_draft_is_kept(
    transactional_db: None, alice: User, upstream: Upstream
) -> None:
    says(upstream, *HALF, delta(" [EMAIL_1] [PHO"))

    draft = written(drafts.propose(receive().pk, by=alice))

    assert (draft.state, draft.text) == (DraftState.BROKEN, f"Hello {SECRETS['EMAIL']} [PHO")

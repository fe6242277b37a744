"""The same ticket from several threads and processes in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from tests import processes
from tests.factories import new_ticket
from triage.models import Requester, Ticket, Triage
from triage.services import intake
from triage.services.intake import NewTicket, Received

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6
RECEIVE_ONE = """
import django; django.setup()
from triage.services.intake import NewTicket, receive
for number in range(30):
    receive(NewTicket(description="x", channel="api", source="shop", external_id=str(number),
                      requester_email="ann@example.com"))
"""


def at_once(work: Callable[[int], list[Received]]) -> list[list[Received]]:
    """What `work` gives in each of several threads that begin together."""
    start = Barrier(THREADS)

    def run(number: int) -> list[Received]:
        start.wait(timeout=10)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def batch(*numbers: int) -> list[NewTicket]:
    return [
        new_ticket(source="shop", external_id=str(n), requester_email=f"{n % 7}@example.com")
        for n in numbers
    ]


def test_the_same_ticket_from_several_threads_is_one_and_new_to_one_of_them() -> None:
    answers = at_once(lambda _: [intake.receive(batch(7)[0])])

    assert sum(received.is_new for (received,) in answers) == 1
    assert len({received.ticket.pk for (received,) in answers}) == 1
    assert (Ticket.objects.count(), Triage.objects.count(), Requester.objects.count()) == (1, 1, 1)


def test_batches_with_the_same_tickets_in_another_order_do_not_block_each_other() -> None:
    forth, back = batch(*range(200)), batch(*reversed(range(200)))

    answers = at_once(lambda number: intake.receive_many(back if number % 2 else forth))

    assert sum(received.is_new for many in answers for received in many) == 200
    assert (Ticket.objects.count(), Triage.objects.count()) == (200, 200)


def test_batches_take_turns_so_that_none_can_wait_for_another_in_a_circle() -> None:
    def receive_impatiently() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                intake.receive_many(batch(3, 4))
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        intake.receive_many(batch(1, 2))
        with pytest.raises(OperationalError, match="lock timeout"):
            pool.submit(receive_impatiently).result()


def test_the_same_tickets_from_several_processes_are_stored_once() -> None:
    children = [processes.start("-c", RECEIVE_ONE) for _ in range(2)]
    outputs = [child.communicate(timeout=60)[0] for child in children]

    assert [child.returncode for child in children] == [0, 0], outputs
    assert (Ticket.objects.count(), Triage.objects.count()) == (30, 30)

"""A model is asked no faster than its limits allow, by the whole fleet, in the order of asking and people first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from pytest_django import Settings

from tests.integration.gateway.fleet_cases import (
    TOKENS,
    admit,
    fail,
    gates_elsewhere,
    new_model,
    succeed,
)
from triage.exceptions import ConnectionLost, Overloaded
from triage.services.gateway import fleet
from triage.services.gateway.fleet import Admission, BucketView, Gate, asking

Pace = Callable[..., str]


@pytest.fixture
def paced(settings: Settings) -> Pace:
    """A new model with limits of its own, per minute."""

    def build(**limits: int) -> str:
        model = new_model()
        settings.TRIAGE_PACE = {"default": limits}
        return model

    return build


def drain(model: str) -> None:
    """Leave nothing of the burst, by the provider's word."""
    succeed(model, rate_limits={"requests-remaining": "0", "input-tokens-remaining": "0"})


def view_of(model: str, bucket: str = "input_tokens") -> BucketView:
    view: BucketView = getattr(fleet.look(model), bucket)
    return view


def wait_for_go(model: str, **asked: Any) -> float:
    """Ask as told until admitted; the seconds it took."""
    started = monotonic()
    while (admission := admit(model, **asked)).gate is Gate.WAIT:
        assert monotonic() - started < 15, "never admitted"
        sleep(admission.wait_seconds)
    assert admission.gate is Gate.GO
    return monotonic() - started


def ask_at_once(model: str, *, callers: int = 1) -> list[Admission]:
    """What callers of their own are told, the shortest wait first; none of them comes back."""
    everybody = Barrier(callers)

    def ask(_: int) -> Admission:
        everybody.wait()
        return admit(model)

    with ThreadPoolExecutor(callers) as threads:
        return sorted(threads.map(ask, range(callers)), key=lambda told: told.expected_seconds)


def test_40_threads_keep_the_pace_of_their_model(paced: Pace) -> None:
    model = paced(requests=600)
    drain(model)
    ends = monotonic() + 3
    admitted: list[float] = []

    def work() -> None:
        while monotonic() < ends:
            admission = admit(model, is_interactive=False)
            if admission.gate is Gate.GO:
                admitted.append(monotonic())
            else:
                sleep(min(admission.wait_seconds, max(0, ends - monotonic())))

    threads = [Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 24 <= len(admitted) <= 32  # 600 / 60 * 0.95 * 3 s = 28.5


def test_no_caller_starves_however_many_come_after_it(paced: Pace) -> None:
    model = paced(requests=1200)  # 19 a second
    drain(model)
    ends = monotonic() + 3

    def come_again_and_again() -> float:
        longest = 0.0
        while monotonic() < ends:
            longest = max(longest, wait_for_go(model, is_interactive=False))
        return longest

    with ThreadPoolExecutor(30) as threads:
        longest = list(threads.map(lambda _: come_again_and_again(), range(30)))

    assert max(longest) < 2.6  # 30 callers at 19 a second: a turn each 1.6 s


def test_a_full_bucket_holds_half_a_second_and_at_least_one_request(paced: Pace) -> None:
    counts = []
    for limit in (30, 600):
        model = paced(requests=limit)
        counts.append([admit(model).gate for _ in range(12)].count(Gate.GO))

    assert counts == [1, 4]  # 0.24 and 4.75


def test_who_must_wait_is_told_when_and_how_long_in_all(paced: Pace) -> None:
    model = paced(requests=60)
    drain(model)

    told = ask_at_once(model, callers=4)

    assert [one.gate for one in told] == [Gate.WAIT] * 4
    seconds = [one.expected_seconds for one in told]
    assert seconds == pytest.approx([1.05, 2.1, 3.16, 4.21], abs=0.3)  # 0.95 a second
    assert all(0 < one.wait_seconds <= asking.PATIENCE_SECONDS for one in told)


def test_another_process_is_held_to_the_same_pace(paced: Pace) -> None:
    """The child reads the documented limits, so this one lowers them by the headers, as the provider would."""
    model = paced()
    succeed(model, rate_limits={"requests-limit": "6", "requests-remaining": "0"})

    assert gates_elsewhere(model) == ["wait"]


def test_who_does_not_come_back_loses_its_place(
    paced: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(asking, "GRACE_SECONDS", 0.1)
    model = paced(requests=60)
    drain(model)
    ask_at_once(model, callers=5)

    assert wait_for_go(model) < 1.8
    assert fleet.look(model).waiting == 0


def test_people_go_before_background_work_that_has_waited_longer(paced: Pace) -> None:
    model = paced(requests=240)  # 3.8 a second
    drain(model)
    served: list[bool] = []

    def work(is_interactive: bool) -> None:
        wait_for_go(model, is_interactive=is_interactive)
        served.append(is_interactive)

    with ThreadPoolExecutor(3) as threads:
        for _ in range(2):
            threads.submit(work, is_interactive=False)
        sleep(0.1)
        threads.submit(work, is_interactive=True)

    assert served == [True, False, False]


def test_background_work_leaves_a_reserve_while_a_person_has_to_wait(paced: Pace) -> None:
    model = paced(requests=600)
    drain(model)
    ask_at_once(model)
    sleep(0.25)  # two requests are there: the person's, who is in the queue, and one in reserve

    held = admit(model, is_interactive=False)

    assert held.gate is Gate.WAIT
    assert admit(model).gate is Gate.GO


def test_background_work_may_use_everything_while_nobody_waits(paced: Pace) -> None:
    model = paced(requests=600)

    gates = [admit(model, is_interactive=False).gate for _ in range(5)]

    assert gates == [Gate.GO] * 4 + [Gate.WAIT]  # 4.75 at once


@pytest.mark.parametrize("tokens", [(50_000, 1), (1, 50_000)])
def test_a_request_of_any_size_passes_a_full_bucket_and_is_paid_off_after(
    paced: Pace, tokens: tuple[int, int]
) -> None:
    model = paced(input_tokens=60_000, output_tokens=60_000)

    first, second = admit(model, tokens=tokens), admit(model)

    assert first.gate is Gate.GO
    assert second.gate is Gate.WAIT
    assert 45 < second.expected_seconds < 55  # 50,000 at 950 a second
    assert second.wait_seconds == asking.PATIENCE_SECONDS


def test_a_huge_prompt_is_not_starved_by_small_ones(paced: Pace) -> None:
    model = paced(requests=60_000, input_tokens=60_000)  # 950 tokens a second
    drain(model)
    is_over = Event()

    def send_small_ones() -> None:
        while not is_over.is_set():
            wait_for_go(model, tokens=(100, 1))

    with ThreadPoolExecutor(9) as threads:
        for _ in range(8):
            threads.submit(send_small_ones)
        sleep(0.3)
        try:
            huge = threads.submit(wait_for_go, model, tokens=(1_500, 1)).result(timeout=10)
        finally:
            is_over.set()

    assert huge < 4  # 8 small ones before it, then a bucket of 475 that fills undisturbed


def test_what_was_not_used_comes_back(paced: Pace) -> None:
    model = paced(requests=60, input_tokens=6_000, output_tokens=6_000)  # 95 tokens a second
    admit(model, tokens=(90, 90))

    fleet.release(model, estimated=(90, 90), was_probe=False)

    assert admit(model, tokens=(90, 90)).gate is Gate.GO


def test_the_estimate_is_corrected_by_what_was_used(paced: Pace) -> None:
    model = paced(input_tokens=60_000, output_tokens=60_000)
    admit(model)

    succeed(model, used=(TOKENS[0] + 9_500, TOKENS[1]))

    assert view_of(model).left == pytest.approx(-9_125, abs=300)  # 475 - 100 - 9,500, and refilling
    assert 8 < admit(model).expected_seconds < 11


def test_tokens_of_a_failure_come_back_unless_it_may_be_billed(paced: Pace) -> None:
    model = paced(input_tokens=60)
    admit(model)

    fail(model, ConnectionLost("lost"))
    kept = view_of(model).left
    fail(model, Overloaded("529"))
    returned = view_of(model).left

    assert kept < -90
    assert returned == pytest.approx(1, abs=0.5)


def test_the_headers_replace_the_default_limits_and_clip_what_is_left() -> None:
    model = new_model()
    headers = {
        "requests-limit": "6000",
        "requests-remaining": "3",
        "input-tokens-limit": "120000",
        "input-tokens-remaining": "119000",
        "output-tokens-limit": "rubbish",
        "output-tokens-remaining": "-1",
    }

    succeed(model, rate_limits=headers)

    requests, tokens = view_of(model, "requests"), view_of(model, "input_tokens")
    assert (requests.limit_per_minute, tokens.limit_per_minute) == (6_000, 120_000)
    assert requests.is_from_headers
    assert requests.left == pytest.approx(5, abs=2.5)
    assert tokens.left == pytest.approx(950)  # half a second's worth of 95 %
    assert not view_of(model, "output_tokens").is_from_headers


@pytest.mark.parametrize(("told", "holds"), [("6000", 300), ("60", 60)])
def test_headers_lower_what_an_operator_set_for_a_model_but_do_not_raise_it(
    settings: Settings, told: str, holds: int
) -> None:
    model = new_model()
    settings.TRIAGE_PACE = {model: {"requests": 300}}

    succeed(model, rate_limits={"requests-limit": told})

    assert view_of(model, "requests").limit_per_minute == holds

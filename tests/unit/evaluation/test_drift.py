"""The alarm on audited tickets: early when errors rise, rare when they do not, and never deaf. The audits are simulated."""

import json
from collections.abc import Mapping
from random import Random
from statistics import median

import pytest
from scipy.special import bdtrc

from triage.exceptions import InvalidInput
from triage.services.statistics.drift import ALL, EVERY, Watch, Watches, watch

WATCH = Watch(target=0.02, feared=0.05, d=0.01)
GROUPS = {"easy": 0.6, "hard": 0.25, "rare": 0.15}  # the share of the audits that each has
AT_TARGET = dict.fromkeys(GROUPS, 0.02)


def audits(rng: Random, number: int, *, error: float) -> list[bool]:
    """Whether each was wrong."""
    return [rng.random() < error for _ in range(number)]


def test_a_rise_from_two_to_five_percent_is_found_after_some_300_audits() -> None:
    found = [
        watch(audits(Random(seed), 3_000, error=0.05), watching=WATCH).alarmed_at
        for seed in range(60)
    ]

    assert median(each or 3_000 for each in found) < 400
    assert None not in found


def test_at_the_promised_error_false_alarms_are_as_rare_as_said() -> None:
    """100 installations, each looked at 2,000 times: one alarm is expected at most, and 5 would be a chance of 0.4 %."""
    alarms = sum(
        watch(audits(Random(seed), 2_000, error=0.02), watching=WATCH).alarmed_at is not None
        for seed in range(100)
    )

    assert alarms < 5


def test_wealth_cannot_be_expected_to_grow_while_the_promise_holds() -> None:
    """Its mean over what may come next is what it is, at the promised share of errors, also where a new bet starts."""
    for audited in (0, 1, EVERY - 1, EVERY, 3 * EVERY - 1):
        now = watch([place % 50 == 0 for place in range(audited)], watching=WATCH)

        expected = 0.02 * now.after(True).wealth + 0.98 * now.after(False).wealth

        assert expected == pytest.approx(now.wealth)
    assert WATCH.wealth == 1


def test_good_years_do_not_make_it_deaf() -> None:
    """After 5,000 audits at half the promised error one bet alone would need some 6,000 more."""
    found = []
    for seed in range(20):
        rng = Random(seed)
        before = watch(audits(rng, 5_000, error=0.01), watching=WATCH)
        after = watch(audits(rng, 3_000, error=0.05), watching=before)
        found.append((after.alarmed_at or 8_000) - 5_000)

    assert median(found) < 1_000


def test_an_alarm_stays_and_counting_goes_on() -> None:
    alarmed = watch([True] * 20, watching=WATCH)

    later = watch([False] * 1_000, watching=alarmed)

    # (0.05 / 0.02)^n / 2 + 1 / 2 reaches 100 at n = 6
    assert later.alarmed_at == alarmed.alarmed_at == 6
    assert (later.audited, later.wrong) == (1_020, 20)


def test_a_watch_that_was_kept_goes_on_as_if_never_stopped() -> None:
    all_audits = audits(Random(5), 450, error=0.04)

    stopped = watch(all_audits[:333], watching=WATCH)
    kept = Watch(**{name: getattr(stopped, name) for name in Watch.__slots__})

    assert watch(all_audits[333:], watching=kept) == watch(all_audits, watching=WATCH)


@pytest.mark.parametrize(
    ("target", "feared", "d", "problem"),
    [
        (0.02, 0.02, 0.01, r"feared: 0\.02 is not between 0\.02 and 1"),
        (0.02, 1, 0.01, "feared: 1 is not between"),
        (0, 0.05, 0.01, "target: 0 is not between"),
        (0.02, 0.05, float("nan"), "d: nan is not between"),
    ],
)
def test_a_watch_for_nothing_is_named(target: float, feared: float, d: float, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        Watch(target=target, feared=feared, d=d)


def groups(d: float = 0.01) -> Watches:
    return Watches.begin((ALL, *GROUPS), target=0.02, feared=0.05, d=d)


def watched(rng: Random, number: int, *, errors: Mapping[str, float], watching: Watches) -> Watches:
    """After so many audits, or the first alarm: each of a group by lot, and wrong with the chance that its group has."""
    for group in rng.choices(list(GROUPS), list(GROUPS.values()), k=number):
        watching = watching.after(rng.random() < errors[group], names=(ALL, group))
        if watching.alarmed:
            break
    return watching


@pytest.mark.parametrize("d", [0.01, 0.2])
def test_of_several_watches_at_the_promised_error_any_alarms_as_rarely_as_said(d: float) -> None:
    """300 installations with 1,000 audits each; so many alarms or more must not be beyond a chance of 1 %, were `d` exact.

    Undivided, 20 % each, 81 alarms would be too many. At 1 % in total so few are due that only worse faults show.
    """
    runs = 300

    alarms = sum(
        bool(watched(Random(seed), 1_000, errors=AT_TARGET, watching=groups(d)).alarmed)
        for seed in range(runs)
    )

    assert bdtrc(alarms - 1, runs, d) > 0.01


def test_a_group_at_two_and_a_half_times_the_promise_is_found_by_its_own_watch() -> None:
    """A quarter of the audits are of hard labels, and of all together only 1.9 % are wrong: at most 2 % are promised."""
    errors = {"easy": 0.01, "hard": 0.05, "rare": 0.005}

    found = [watched(Random(seed), 8_000, errors=errors, watching=groups()) for seed in range(30)]

    assert median(each.by_name["hard"].audited for each in found) < 600
    assert sum(each.alarmed == ("hard",) for each in found) >= 28


def test_the_chance_of_a_false_alarm_is_shared_evenly() -> None:
    assert {each.d for each in groups().by_name.values()} == {0.01 / 4}


def test_a_watch_that_begins_anew_leaves_the_others_as_they_are() -> None:
    seen = groups().after(True, names=(ALL, "easy"))

    anew = seen.anew(["easy"])

    assert anew.by_name == {**seen.by_name, "easy": groups().by_name["easy"]}
    assert anew.by_name[ALL].wrong == 1


def test_watches_that_were_kept_as_json_go_on() -> None:
    seen = watched(Random(3), 150, errors=AT_TARGET, watching=groups())

    kept = Watches.read(json.loads(json.dumps(seen.as_dict())))

    assert kept == seen


def test_what_is_no_watches_is_read_as_none() -> None:
    assert Watches.read({}) == Watches.read({"target": 0.02, "audited": 7}) == Watches({})

"""What a cascade would have done with the recorded answers of two models: local first, then cheap, then strong.

Without --table it reads the answers of GPT-3.5 and GPT-4 to BANKING77 that were published with OCaTS.
"""

import multiprocessing
import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import django

from eval.data import FOLDER, OCATS, find
from eval.replay_tables import show
from triage.exceptions import TriageError
from triage.services.evaluation.replay import ocats
from triage.services.evaluation.replay.costs import GUIDE_TOKENS, OUTPUT_TOKENS, Prices
from triage.services.evaluation.replay.playing import Played, Rules, play, taught_by_all
from triage.services.evaluation.replay.records import Recorded, read
from triage.services.evaluation.replay.table import Table, prepare
from triage.services.local.vectors import Floats

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from triage.services.gateway.catalog import HAIKU, SONNET, name_of  # noqa: E402
from triage.services.gateway.pricing import SOURCE, card_of  # noqa: E402

RULES = Rules()


def main(arguments: Sequence[str]) -> bool:
    """Print the tables; whether what is claimed of the cascade held. Without the data there is nothing to break."""
    options = _options(arguments)
    began = time.perf_counter()
    try:
        recorded = _read(options)
        if recorded is None:
            return True
        table = prepare(recorded, cheap=options.cheap, strong=options.strong, prices=prices())
        played = {size: _play(table, size, options) for size in options.labels}
    except (TriageError, OSError) as exc:
        raise SystemExit(f"error: {exc}") from None
    _print_head(recorded, table, options)
    held = show(played, rules=RULES)
    print(f"\n{time.perf_counter() - began:.0f} s")
    return held


def prices() -> Prices:
    """Today's, of the models that stand in for the recorded ones."""
    cheap, strong, batched = card_of(HAIKU), card_of(SONNET), card_of(SONNET, is_batch=True)
    return Prices(cheap.base, strong.base, batched.base)


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m eval replay", description=__doc__)
    parser.add_argument("--splits", type=int, default=100, help="of each row (100)")
    parser.add_argument("--labels", type=_size, nargs="+", default=[5, 10, 20, None])
    parser.add_argument("--table", type=Path, help="a .csv or .jsonl of recorded answers")
    parser.add_argument("--cheap", default=ocats.CHEAP, help="the column of the cheap model")
    parser.add_argument("--strong", default=ocats.STRONG, help="the column of the strong model")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the public data lies")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args(arguments)
    if min(options.splits, options.jobs) < 1:
        parser.error("--splits and --jobs must be at least 1")
    return options


def _size(text: str) -> int | None:
    """Labels a class: a number of at least 1, or "all"."""
    if text != "all" and int(text) < 1:
        raise ValueError(text)
    return None if text == "all" else int(text)


def _read(options: Namespace) -> Recorded | None:
    if options.table:
        return read(options.table)
    folder = find(options.data, OCATS)
    return ocats.read_ocats(folder) if folder else None


def _play(table: Table, size: int | None, options: Namespace) -> Sequence[Played]:
    """All splits of one size: several at once, but for those with a local model that is the same in all."""
    local = taught_by_all(table) if size is None else None
    one = partial(_one, table, size, local)
    if local is not None or options.jobs == 1:
        return [one(seed) for seed in range(options.splits)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        return list(
            pool.map(one, range(options.splits), chunksize=-(-options.splits // options.jobs))
        )


def _one(table: Table, size: int | None, local: Floats | None, seed: int) -> Played:
    return play(table, per_class=size, seed=seed, rules=RULES, local=local)


def _print_head(recorded: Recorded, table: Table, options: Namespace) -> None:
    print(
        HEAD.format(
            cheap=options.cheap,
            strong=options.strong,
            cheap_price=name_of(HAIKU),
            strong_price=name_of(SONNET),
            source=SOURCE,
            tickets=table.tickets,
            labels=len(table.labels),
            splits=options.splits,
            guide=GUIDE_TOKENS,
            output=OUTPUT_TOKENS,
            pool=POOL.format(pool=len(table.pool), dropped=table.dropped)
            if len(table.pool)
            else "a part of these",
        )
    )
    for name, digest in recorded.files.items():
        print(f"{name} {digest}")


HEAD = """\
REPLAYED: {cheap} (cheap, at the price of {cheap_price}) and {strong} (strong, at that of {strong_price}; {source}) on
{tickets:,} tickets with {labels} labels; {splits} splits a row.
The local model learns from {pool}.
Trust and tried thresholds come from tickets for calibrating, thresholds from those for choosing, figures from the rest. One call
a ticket: a guide of {guide:,} tokens from the cache, a token for 4 characters, {output} out; costs are shares of asking only
the strong model, live, with its guide cached."""
POOL = "{pool:,} other tickets; {dropped} that said the same as one of these were left out"

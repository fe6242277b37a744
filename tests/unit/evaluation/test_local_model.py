"""The local model: what it learns, that its probabilities can be believed, and what it does with what it never saw."""

import numpy as np
import pytest

from tests.unit.evaluation.local_cases import LABELS, tickets
from triage.exceptions import InvalidInput
from triage.services.local import training
from triage.services.local.model import Model
from triage.services.local.training import train
from triage.services.local.vectors import count, gather, weigh
from triage.services.statistics.reliability import ece, equal_mass


@pytest.fixture(scope="module")
def model() -> Model:
    return train(*tickets(240, strays=2))


def test_it_answers_tickets_it_has_not_seen(model: Model) -> None:
    texts, labels = tickets(400, seed=2, strays=2)

    guesses = model.predict(texts)

    right = sum(c == t for c, t in zip(guesses.chosen, labels, strict=True))
    assert right / 400 > 0.85
    assert model.labels == LABELS
    assert model.tickets == 240


def test_its_confidence_is_about_how_often_it_is_right(model: Model) -> None:
    texts, labels = tickets(2_000, seed=3, strays=2)

    guesses = model.predict(texts)

    are_right = [c == t for c, t in zip(guesses.chosen, labels, strict=True)]
    assert ece(equal_mass(guesses.confidences.tolist(), are_right)) < 0.06


def test_a_row_of_probabilities_adds_up_and_the_margin_is_that_of_the_first_two(
    model: Model,
) -> None:
    guesses = model.predict(tickets(20, seed=4)[0])

    ranked = np.sort(guesses.probabilities, axis=1)
    assert guesses.probabilities.sum(axis=1) == pytest.approx(np.ones(20))
    assert guesses.confidences == pytest.approx(ranked[:, -1])
    assert guesses.margins == pytest.approx(ranked[:, -1] - ranked[:, -2])


def test_the_same_tickets_give_the_same_model_in_any_order(model: Model) -> None:
    texts, labels = tickets(240, strays=2)

    other = train(texts[::-1], labels[::-1])

    assert other.version == model.version
    assert (other.weights.coefficients == model.weights.coefficients).all()


def test_a_corrected_label_is_another_version(model: Model) -> None:
    texts, labels = tickets(240, strays=2)

    assert train(texts, ["login", *labels[1:]]).version != model.version


@pytest.mark.parametrize("span", [training.SPAN_TO, 0], ids=["in their span", "directly"])
def test_a_label_that_counts_less_gives_way(span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SPAN_TO", span)
    texts, labels = tickets(120)
    texts, labels = [*texts, *["the wax seal"] * 8], [*labels, *["login", "returns"] * 4]
    counting = [1.0] * 120

    found = [
        train(texts, labels, trusted=[*counting, *pair * 4]).predict(["the wax seal"]).chosen
        for pair in ([1.0, 0.5], [0.5, 1.0])
    ]

    assert found == [["login"], ["returns"]]


def test_labels_that_all_count_are_the_version_they_were(model: Model) -> None:
    texts, labels = tickets(240, strays=2)

    assert train(texts, labels, trusted=[1.0] * 240).version == train(texts, labels).version
    assert train(texts, labels, trusted=[0.5] * 240).version != train(texts, labels).version


@pytest.mark.parametrize("trust", [0.0, 1.5, float("nan")])
def test_what_a_label_counts_is_above_nothing_and_up_to_one(trust: float) -> None:
    with pytest.raises(InvalidInput, match="number 2 is"):
        train(["one text", "other words"], ["a", "b"], trusted=[1.0, trust])


def test_the_two_ways_to_solve_find_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    told, asked = tickets(120), tickets(50, seed=5)[0]
    in_span = train(*told).predict(asked)

    monkeypatch.setattr(training, "SPAN_TO", 0)

    assert train(*told).predict(asked).probabilities == pytest.approx(
        in_span.probabilities, abs=0.02
    )


def test_texts_that_depend_on_each_other_are_learnt_up_to_the_limit_of_that_way() -> None:
    model = train(*tickets(2_000, seed=1))

    assert model.tickets == 2_000
    assert np.isfinite(model.weights.coefficients).all()


def test_an_ngram_of_a_single_ticket_is_left_out_where_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "TWICE_FROM", 100)
    texts, labels = tickets(120)

    words = train([f"{texts[0]} xylophone", *texts[1:]], labels).vocabulary.words

    assert "xylophone" not in words
    assert "invoice" in words


@pytest.mark.parametrize("text", ["", "  ", "?!…", "我的卡在哪里", "Где моя посылка"])
def test_a_text_without_a_known_word_is_named_unknown(model: Model, text: str) -> None:
    guesses = model.predict([text])

    assert guesses.unknown == pytest.approx([1])
    assert guesses.confidences[0] < 0.5


def test_what_is_about_something_else_is_less_known(model: Model) -> None:
    unknown = model.predict(["the parcel is late", "quarterly zebra migration"]).unknown

    assert unknown[0] < 0.3
    assert unknown[1] > 0.7


def test_no_texts_get_no_answers(model: Model) -> None:
    guesses = model.predict([])

    assert guesses.chosen == []
    assert guesses.margins.shape == (0,)


def test_more_texts_than_fit_at_once_keep_their_order(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tickets(10, seed=6)[0]
    whole = model.predict(texts)

    monkeypatch.setattr("triage.services.local.model.AT_ONCE", 3)

    assert model.predict(texts).probabilities == pytest.approx(whole.probabilities)


def test_other_languages_are_learnt_as_well() -> None:
    texts = ["我的包裹在哪里", "包裹没有收到", "Счёт выставлен дважды", "Верните деньги за счёт"]

    guesses = train(texts, ["shipping", "shipping", "billing", "billing"]).predict(texts)

    assert guesses.chosen == ["shipping", "shipping", "billing", "billing"]


def test_a_label_with_one_ticket_is_learnt() -> None:
    texts, labels = tickets(40)

    model = train([*texts, "zebra crossing painted"], [*labels, "roads"])

    assert model.predict(["who painted the zebra crossing"]).chosen == ["roads"]


def test_where_nothing_can_be_held_out_the_temperature_is_one() -> None:
    assert train(["invoice", "parcel"], ["billing", "shipping"]).weights.temperature == 1


def test_tickets_without_a_word_are_left_out() -> None:
    assert train(["invoice", "parcel", "", "?"], ["b", "s", "b", "s"]).tickets == 2


@pytest.mark.parametrize(
    ("texts", "labels", "problem"),
    [
        ([], [], "texts: there are none"),
        (["a"], ["x", "y"], "labels: there are 2, where 1 belong"),
        (["a", "b"], ["x", "x"], "“x” is the only one"),
        (["", "?"], ["x", "y"], "texts: none has a word"),
        (["a", "b"], ["x", " "], "labels: number 2 is empty"),
    ],
)
def test_what_cannot_be_learnt_is_named(texts: list[str], labels: list[str], problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        train(texts, labels)

    assert problem in str(caught.value)


def test_ngrams_are_words_pairs_and_pieces_between_blanks() -> None:
    vocabulary = gather(["Späte Post"])

    assert vocabulary.words == ("post", "späte", "späte post")
    assert {" po", "post ", " post"} <= set(vocabulary.pieces)
    assert not [piece for piece in vocabulary.pieces if len(piece) > 5]


def test_words_and_pieces_weigh_the_same() -> None:
    vocabulary = gather(["late parcel", "lost code"])
    counts = count(["parcel late late"], vocabulary)

    vector = weigh(
        counts.matrix, np.ones(len(vocabulary), dtype=np.float32), words=len(vocabulary.words)
    )

    squares = vector.toarray()[0] ** 2
    assert squares[: len(vocabulary.words)].sum() == pytest.approx(1)
    assert squares[len(vocabulary.words) :].sum() == pytest.approx(1)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.services.intake.quoting import new_words, parts

QUOTE = "> Could you send the order number?\n> Kind regards"
INTROS = [
    "On Mon, Nov 16, 2026 at 10:46 AM Bob Support <bob@example.com> wrote:",
    "On 16 Nov 2026, at 10:46, Bob <bob@example.com> wrote:",
    "On Mon, Nov 16, 2026 at 10:46 AM A Support Team With A Long Name\n<support@example.com> wrote:",
    "Am 16.11.2026 um 10:46 schrieb Bob Hilfe:",
    "Le lun. 16 nov. 2026 à 10:46, Bob <bob@example.com> a écrit :",
    "El lun, 16 nov 2026 a las 10:46, Bob (<bob@example.com>) escribió:",
    "Il giorno lun 16 nov 2026 alle ore 10:46 Bob <bob@example.com> ha scritto:",
    "Em seg., 16 de nov. de 2026 às 10:46, Bob <bob@example.com> escreveu:",
    "Op ma 16 nov 2026 om 10:46 schreef Bob <bob@example.com>:",
    "Den mån 16 nov. 2026 kl 10:46 skrev Bob <bob@example.com>:",
    "W dniu 16.11.2026 o 10:46, Bob pisze, napisał(a):",
    "пн, 16 нояб. 2026 г. в 10:46, Bob <bob@example.com>:",
    "2026年11月16日(月) 10:46 Bob <bob@example.com>:",
]
OUTLOOK = [
    "From: Bob <bob@example.com>\nSent: Monday, 16 November 2026 10:46\nTo: Alice\nSubject: RE: Order",
    "Von: Bob <bob@example.com>\nGesendet: Montag, 16. November 2026 10:46\nAn: Alice\nBetreff: AW: x",
    "De : Bob <bob@example.com>\nEnvoyé : lundi 16 novembre 2026 10:46\nÀ : Alice\nObjet : RE: x",
    "De: Bob <bob@example.com>\nEnviado el: lunes, 16 de noviembre de 2026\nPara: Alice\nAsunto: RE",
    "Od: Bob <bob@example.com>\nWysłano: poniedziałek, 16 listopada 2026 10:46\nDo: Alice\nTemat: x",
    "*From:* Bob <bob@example.com>\n*Sent:* Monday, 16 November 2026 10:46",
    "-----Original Message-----\nFrom: Bob",
    "-----Ursprüngliche Nachricht-----\nVon: Bob",
]
SIGNATURES = [
    "-- \nAlice Roe\nRoe Ltd, 5 High Street",
    "Sent from my iPhone",
    "Get Outlook for Android",
    "Von meinem iPhone gesendet",
    "Gesendet mit der GMX Mail App für Android",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu smartphone Samsung Galaxy.",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Wysłane z telefonu",
]


@pytest.mark.parametrize("intro", INTROS)
def test_a_quoted_mail_below_the_answer_is_left_out(intro: str) -> None:
    assert new_words(f"It is 4711.\n\n{intro}\n\n{QUOTE}") == "It is 4711."


@pytest.mark.parametrize("intro", INTROS)
def test_an_answer_below_the_quoted_mail_is_kept(intro: str) -> None:
    assert new_words(f"Hello,\n{intro}\n{QUOTE}\n\nIt is 4711.") == "Hello,\n\nIt is 4711."


@pytest.mark.parametrize("header", OUTLOOK)
def test_the_thread_below_a_header_block_is_left_out(header: str) -> None:
    assert new_words(f"It is 4711.\n\n{header}\n\nWhich order?") == "It is 4711."


def test_an_introduced_quotation_without_marks_is_left_out() -> None:
    text = "It is 4711.\n\nAm 16.11.2026 um 10:46 schrieb Bob:\n\nWelche Bestellung?"

    assert new_words(text) == "It is 4711."


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_left_out(signature: str) -> None:
    assert new_words(f"My card is lost.\n\n{signature}") == "My card is lost."


@pytest.mark.parametrize("text", [QUOTE + "\n> Bob", "-- \nAlice", f"{INTROS[0]}\n{QUOTE}"])
def test_the_whole_text_stands_where_nothing_else_would_be_left(text: str) -> None:
    assert new_words(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "On Monday the agent wrote:\nthe card is on its way. It is not.",
        "I did this:\n> npm run build\nand it failed.",
        "The order <b@example.com> placed in 2026 says:\nnothing.",
        "I need three things:\n--\none\n" + "two\n" * 20 + "end",
        "From: Berlin\nTo: Paris\nThe train was late.",
        "Sent from my iPhone the photo does not arrive, from the laptop it does.",
        "a\nb\n" * 1_500 + "end",
    ],
)
def test_what_only_looks_like_a_quotation_is_kept(text: str) -> None:
    assert new_words(text) == text


def test_a_forwarded_mail_is_the_customers_concern_and_is_kept() -> None:
    forwarded = (
        "What is this?\n\n---------- Forwarded message ---------\nFrom: Bank <no-reply@example.com>\n"
        "Date: Mon, 16 Nov 2026\nSubject: Your account\n\nYour account is closed."
    )

    assert new_words(forwarded) == forwarded


def test_the_parts_of_a_text_stand_in_their_order() -> None:
    text = f"Hello,\n{INTROS[0]}\n{QUOTE}\n\nIt is 4711."

    assert parts(text) == [
        (True, "Hello,"),
        (False, f"{INTROS[0]}\n{QUOTE}"),
        (True, "\nIt is 4711."),
    ]


line = st.sampled_from(["", "> a", "text", "From: Bob", "Sent: 2026", "-- ", *INTROS, *OUTLOOK])


@given(st.lists(line).map("\n".join))
def test_no_line_is_lost_between_the_parts_and_something_is_always_left(text: str) -> None:
    assert "\n".join(part for _, part in parts(text)) == text
    assert bool(new_words(text)) == bool(text.strip())

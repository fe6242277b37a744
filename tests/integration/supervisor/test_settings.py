"""What `make run` takes from the environment and fills in."""

from config.supervisor_table import Ports, build_product
from tests.integration.supervisor.cases import Checkout, fetch, read_pids


def test_without_a_key_the_simulator_answers_for_claude(checkout: Checkout) -> None:
    run = checkout.run(ANTHROPIC_API_KEY="")
    run.wait_until_ready()

    environment = fetch(checkout.port)

    assert environment["TRIAGE_SIMULATOR"] == "1"
    assert environment["ANTHROPIC_API_KEY"] == "simulator"
    assert fetch(int(environment["ANTHROPIC_BASE_URL"].rpartition(":")[2]))


def test_with_a_key_no_simulator_runs(checkout: Checkout) -> None:
    run = checkout.run(ANTHROPIC_API_KEY="key")
    run.wait_until_ready()

    assert "TRIAGE_SIMULATOR" not in fetch(checkout.port)
    assert "simulator" not in read_pids(checkout)


def test_settings_in_the_env_file_count(checkout: Checkout) -> None:
    (checkout.root / ".env").write_text("ANTHROPIC_BASE_URL=http://claude.test\nDEBUG=0\n")
    run = checkout.run(ANTHROPIC_API_KEY="")
    run.wait_until_ready()

    environment = fetch(checkout.port)

    assert environment["ANTHROPIC_BASE_URL"] == "http://claude.test"
    assert environment["DEBUG"] == "0"


def test_a_state_folder_that_is_none_ends_in_one_line(checkout: Checkout) -> None:
    (checkout.root / "var").write_text("in the way")
    run = checkout.run()

    assert run.finish() == 1
    assert run.errors.startswith("error: cannot use the state folder: ")
    assert run.errors.count("\n") == 1


def test_the_product_table_names_every_part() -> None:
    table = build_product(Ports("127.0.0.1", 8000, None))

    assert table.simulator is None
    assert [child.name for child in table.setup] == ["migrate", "load_demo"]
    assert [child.name for child in table.children] == [
        "web",
        "triage-1",
        "triage-2",
        "drafts",
        "bulk",
        "beat",
    ]

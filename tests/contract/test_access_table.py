"""Who may do what: the table in the docs is the code's, and each line of it is so."""

from pathlib import Path

import pytest

from accounts.models import Role, User
from accounts.models.tokens import Scope
from tests.contract.access import Operation, operations, table
from tests.integration.api.client import Api, api_as

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BEGIN, END = "<!-- access -->\n", "\n<!-- /access -->"


def ask(api: Api, operation: Operation) -> int:
    """The status of asking about things that are not there."""
    path = operation.path.removeprefix("/v1")
    names = ("ticket_id", "draft_id", "webhook_id", "delivery_id", "import_id", "slug")
    for name in (*names, "evaluation_id"):
        path = path.replace(f"{{{name}}}", "999999")
    path = path.replace("{name}", "nothing")
    if operation.method in ("GET", "DELETE"):
        answer = getattr(api, operation.method.lower())(path)
    else:
        answer = api.send(operation.method.lower(), path, {})
    return int(answer.status_code)


def test_the_table_in_the_docs_is_what_the_code_says() -> None:
    text = DOCS.read_text()

    assert text[text.index(BEGIN) + len(BEGIN) : text.index(END)] == table()


def test_every_operation_asks_for_a_scope() -> None:
    assert [operation for operation in operations() if not operation.scopes] == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN, Role.INTEGRATION])
def test_every_role_may_do_what_the_table_says_and_nothing_else(db: None, role: Role) -> None:
    user = User.objects.create_user(f"{role}@example.com", role=Role.ADMIN)
    api = api_as(user, scopes=list(Scope.values))  # issued to an admin, who then becomes another
    User.objects.filter(pk=user.pk).update(role=role)

    let_in = {operation: ask(api, operation) != 403 for operation in operations()}

    assert let_in == {operation: operation.may(role) for operation in operations()}


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_of_one_scope_may_do_that_and_nothing_else(bob: User, scope: Scope) -> None:
    api = api_as(bob, scopes=[scope])

    let_in = {operation for operation in operations() if ask(api, operation) != 403}

    assert let_in == {operation for operation in operations() if operation.scopes == {scope}}


def test_without_a_token_every_operation_is_a_401(db: None) -> None:
    stranger = Api("tk_nobody")

    assert {ask(stranger, operation) for operation in operations()} == {401}


def test_nothing_answers_a_server_error_to_an_empty_question(admin_api: Api) -> None:
    answers = {operation: ask(admin_api, operation) for operation in operations()}

    assert [operation for operation, status in answers.items() if status >= 500] == []

import pytest

from accounts.models import User
from accounts.models.tokens import Scope
from tests.integration.api.client import Api, api_as


@pytest.fixture
def api(charlie: User) -> Api:
    """Charlie is an integration that reads and writes tickets."""
    return api_as(charlie)


@pytest.fixture
def admin_api(bob: User) -> Api:
    return api_as(bob, scopes=list(Scope.values))

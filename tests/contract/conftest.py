from tests.integration.api.conftest import admin_api
from tests.integration.conftest import plain_static_names

__all__ = ["admin_api", "plain_static_names"]

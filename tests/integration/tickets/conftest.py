from tests.integration.drafts.conftest import short_timers, ticket

__all__ = ["short_timers", "ticket"]

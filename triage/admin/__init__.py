"""The admin area: one module per subject, on django-unfold. Only admins get in."""

from django.contrib import admin

from triage.admin import (
    alert_rules,
    alerts,
    batches,
    budgets,
    deliveries,
    experiments,
    imports,
    knowledge,
    ledger,
    masking,
    people,
    routes,
    shedding,
    site,
    taxonomy,
    tickets,
    webhooks,
)

__all__ = [
    "alert_rules",
    "alerts",
    "batches",
    "budgets",
    "deliveries",
    "experiments",
    "imports",
    "knowledge",
    "ledger",
    "masking",
    "people",
    "routes",
    "shedding",
    "site",
    "taxonomy",
    "tickets",
    "webhooks",
]

# django-unfold asks its site for pages of our own under this name.
vars(admin.site)["extra_urls"] = site.extra_urls

"""Whether the installation has all it needs: one list of probes, for the command `doctor` and for the page of that name.

Nothing is written, nothing costs anything, and nothing that is found names a secret.
"""

from triage.services.doctor import claude, servers, surroundings
from triage.services.doctor.probing import Checked, Found, Probe, State, run, worst

__all__ = ["PROBES", "Checked", "Found", "Probe", "State", "run", "worst"]

PROBES = (
    Probe("key", "Key", claude.key),
    Probe("models", "Models on the routes", claude.models),
    Probe("prices", "Prices", claude.prices),
    Probe("cache-floor", "Prompt cache", claude.cache_floor),
    Probe("database", "Database", servers.database),
    Probe("broker", "Redis", servers.broker),
    Probe("workers", "Workers", servers.workers),
    Probe("clock", "Clock", servers.clock),
    Probe("mail", "Mail", surroundings.mail),
    Probe("setup", "Settings", surroundings.setup),
    Probe("disk", "Disk", surroundings.disk),
)

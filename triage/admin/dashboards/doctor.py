"""Whether the installation has all it needs, part by part, and how to mend what is missing."""

from typing import Any

from triage.admin.dashboards.base import Dashboard
from triage.admin.first_steps import steps
from triage.selectors.tables import Asked
from triage.services import doctor

WORDS = {
    doctor.State.OK: "Everything is as it should be.",
    doctor.State.WARNING: "It works, and something wants a look.",
    doctor.State.BROKEN: "Something is broken.",
}


class DoctorPage(Dashboard):
    """The page comes at once; what the probes find, within seconds, comes after it, or with `?check` in one piece."""

    title = "Doctor"
    template_name = "admin/dashboards/doctor.html"
    filters = frozenset()
    has_days = False

    def get_template_names(self) -> list[str]:
        is_part = "HX-Request" in self.request.headers
        return ["admin/dashboards/doctor_probes.html"] if is_part else [self.template_name]

    def figures(self, asked: Asked) -> dict[str, Any]:
        if "check" not in self.request.GET:
            return {"steps": steps()}
        checked = doctor.run(doctor.PROBES)
        return {"steps": steps(), "checked": checked, "verdict": WORDS[doctor.worst(checked)]}

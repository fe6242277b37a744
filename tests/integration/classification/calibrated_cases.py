"""Calibrators in use, made by hand."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from triage.models import Calibrator, Stage
from triage.services import taxonomy
from triage.services.classification import calibrating
from triage.services.classification.calibrating import GUIDE, LOCAL_VERSION, SIMULATED
from triage.services.classification.prompt import guide_version
from triage.services.gateway.catalog import HAIKU
from triage.services.statistics.calibration import Calibration, Kind
from triage.services.statistics.signals import Signal, Signalled, to_json

# Half the log-odds: 0.95 means 0.813, 0.99 means 0.909, 0.9 means 0.75.
HALF = Calibration(Kind.PLATT, 500, slope=0.5)
MODEST = Signalled(500, {Signal.STATED: 0.5}, 0.0, HALF)


def put_to_use(
    signalled: Signalled = MODEST,
    *,
    stage: Stage = Stage.FIRST,
    model: str = HAIKU,
    beside: Mapping[str, Any] | None = None,
) -> Calibrator:
    kept = {GUIDE: guide_version(taxonomy.current()), SIMULATED: True, LOCAL_VERSION: ""}
    row = Calibrator.objects.create(
        stage=stage,
        version=signalled.version,
        parameters=to_json(signalled) | kept | dict(beside or {}),
        model=model,
        prompt_version="as then",
        tickets=500,
        error_before=0.1,
        error_after=0.02,
        is_active=True,
        by=User.objects.system(),
    )
    calibrating.forget()
    return row

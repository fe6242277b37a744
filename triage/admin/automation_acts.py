"""What an admin does on the automation page: one POST each, kept in the history with name and reason."""

import math
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.models import User
from triage.admin.people_actions import acting
from triage.exceptions import Conflict, InvalidInput, NoTaxonomy
from triage.models import Automation, Calibrator, Evaluation, LocalModel, Stage
from triage.queue import TaskName, enqueue
from triage.services.evaluation import automation, calibrators, packing
from triage.services.evaluation.automation import Switched
from triage.services.evaluation.learning import releasing

MOST_DIGITS = 18
NAMES: Mapping[str, str] = {
    "target": "At most wrong",
    "d": "Chance to break that",
    "exploration_share": "Asked all the same",
}  # as the page names what is not named by its words
Act = Callable[[HttpRequest, User], Switched]


@require_POST
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Do what the form asks, tell what came of it, and lead back to the page."""
    if name not in ACTS:
        raise Http404
    by = acting(request)
    try:
        switched = ACTS[name](request, by)
    except InvalidInput as error:
        messages.error(request, f"Nothing was changed. {_name(error.field)}: {error.message}.")
    except (Conflict, NoTaxonomy) as error:
        messages.error(request, f"Nothing was changed. {error}")
    else:
        _note(switched)
        messages.success(request, switched.words)
    return redirect("admin:automation")


def _local_on(request: HttpRequest, by: User) -> Switched:
    return automation.switch_local_on(by=by, reason=_reason(request))


def _local_off(request: HttpRequest, by: User) -> Switched:
    return automation.switch_local_off(by=by, reason=_reason(request))


def _promise(request: HttpRequest, by: User) -> Switched:
    target, d = _percent(request, "target"), _percent(request, "d")
    return automation.change_promise(target=target, d=d, by=by, reason=_reason(request))


def _audits(request: HttpRequest, by: User) -> Switched:
    return automation.change_audits(
        audits_a_week=_whole(request, "audits_a_week"),
        exploration_share=_percent(request, "exploration_share"),
        by=by,
        reason=_reason(request),
    )


def _train(request: HttpRequest, by: User) -> Switched:
    """A worker does it: it takes seconds of a whole processor."""
    enqueue(TaskName.LEARN, by.pk)
    return Switched(
        "A local model is being trained; the candidate stands here within minutes.", by, ""
    )


def _promote(request: HttpRequest, by: User) -> Switched:
    model = get_object_or_404(LocalModel.objects.defer("content"), pk=_whole(request, "model"))
    return releasing.promote(model.pk, by=by, reason=_reason(request))


def _roll_back(request: HttpRequest, by: User) -> Switched:
    return releasing.roll_back(_whole(request, "model"), by=by, reason=_reason(request))


def _judge(request: HttpRequest, by: User) -> Switched:
    model = get_object_or_404(LocalModel.objects.defer("content"), pk=_whole(request, "model"))
    releasing.judge(model.pk)
    return Switched(f"The release gate has judged local model {model.version} anew.", by, "")


def _fit(request: HttpRequest, by: User) -> Switched:
    """A worker does it, as it does the training."""
    evaluation = get_object_or_404(Evaluation, pk=_whole(request, "evaluation"))
    stage, configuration = _stage(request), _whole(request, "configuration")
    calibrators.check_fits(evaluation, stage, configuration)
    enqueue(TaskName.FIT_CALIBRATOR, evaluation.pk, stage.value, by.pk, configuration)
    return Switched(
        "A calibrator is being fitted; unless the evaluation has too few judged answers, it stands here within a minute.",
        by,
        "",
    )


def _use(request: HttpRequest, by: User) -> Switched:
    chosen = get_object_or_404(Calibrator, pk=_whole(request, "calibrator"))
    calibrators.activate(chosen, by=by)
    return Switched(f"Calibrator {chosen.version} is in use.", by, "")


def _calibrator_back(request: HttpRequest, by: User) -> Switched:
    present = get_object_or_404(Calibrator, pk=_whole(request, "calibrator"))
    former = calibrators.back(present, by=by)
    words = (
        f"Calibrator {former.version} is in use again." if former else "No calibrator is in use."
    )
    return Switched(f"{Stage(present.stage).label}: {words}", by, "")


def _pack(request: HttpRequest, by: User) -> Switched:
    evaluation = get_object_or_404(Evaluation, pk=_whole(request, "evaluation"))
    return packing.allow_packing(evaluation, by=by)


def _pack_anyway(request: HttpRequest, by: User) -> Switched:
    tickets = _whole(request, "tickets_a_call")
    return packing.override_packing(tickets, reason=_reason(request), by=by)


def _unpack(request: HttpRequest, by: User) -> Switched:
    return packing.switch_packing_off(by=by)


ACTS: Mapping[str, Act] = {
    "local-on": _local_on,
    "local-off": _local_off,
    "promise": _promise,
    "audits": _audits,
    "train": _train,
    "judge": _judge,
    "promote": _promote,
    "roll-back": _roll_back,
    "calibrator-fit": _fit,
    "calibrator-use": _use,
    "calibrator-back": _calibrator_back,
    "pack": _pack,
    "pack-anyway": _pack_anyway,
    "unpack": _unpack,
}


def _note(switched: Switched) -> None:
    """In the admin's history: who, when, what and why."""
    LogEntry.objects.create(
        user=switched.by,
        content_type=ContentType.objects.get_for_model(Automation),
        object_id="1",
        object_repr=str(Automation()),
        action_flag=CHANGE,
        change_message=f"{switched.words} Reason: {switched.reason}"
        if switched.reason
        else switched.words,
    )


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "")


def _stage(request: HttpRequest) -> Stage:
    try:
        return Stage(request.POST.get("stage", ""))
    except ValueError:
        raise InvalidInput("stage", "there is no such stage") from None


def _whole(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InvalidInput(name, "a whole number is needed")
    return int(text)


def _percent(request: HttpRequest, name: str) -> float:
    """What stands in the form in percent, 0 to 1."""
    try:
        percent = float(request.POST.get(name, "").strip())
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= 100:
        raise InvalidInput(name, "a number of 0 to 100 is needed, in percent")
    return percent / 100


def _name(field: str) -> str:
    return NAMES.get(field, field.replace("_", " ").capitalize())

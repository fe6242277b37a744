"""Experiments: variants of the instruction after the ticket, begun and ended by hand, and how they compare."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from triage.admin.dashboards.experiments import ExperimentResults
from triage.admin.experiment_form import ExperimentForm, VariantForm, VariantFormSet
from triage.admin.lists import ListAdmin
from triage.admin.look import TabularInline, chip, moment
from triage.admin.people_actions import Question, acting, ask
from triage.exceptions import Conflict, InvalidInput
from triage.models import Experiment, ExperimentState, Variant
from triage.services import experiments

STATE_COLORS = {ExperimentState.RUNNING: "success", ExperimentState.PLANNED: "info"}


class VariantInline(TabularInline[Variant, Experiment]):
    model = Variant
    form = VariantForm
    formset = VariantFormSet  # type: ignore[assignment]
    fields = ("name", "where", "instruction", "weight")
    verbose_name = "variant"
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Where it stands is asked only as long as somebody could choose."""
        asked = [*self.fields]
        return asked if is_planned(obj) else [name for name in asked if name != "where"]

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 2 if obj is None else 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_planned(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_planned(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_planned(obj)


@admin.register(Experiment)
class ExperimentAdmin(ListAdmin[Experiment]):
    """What has begun is history: it is neither edited nor deleted, and can only be ended."""

    form = ExperimentForm
    inlines = (VariantInline,)
    list_display = (
        "name",
        "state_chip",
        "variants",
        moment("started_at", "Began"),
        moment("ended_at", "Ended"),
        "by",
    )
    list_select_related = ("by",)
    list_before_template = "admin/dashboards/experiment_list.html"
    change_form_outer_before_template = "admin/dashboards/experiment_state.html"
    sortable_by = ()
    warn_unsaved_form = True
    fieldsets = ((None, {"fields": ("name", "hypothesis")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        return super().get_queryset(request).prefetch_related("variants")

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Callable[..., HttpResponse]] = {
            "results/": ExperimentResults.as_view(),
            "<int:pk>/start/": self.start,
            "<int:pk>/end/": self.end,
        }
        views = [
            path(address, self.admin_site.admin_view(page), name=_address_name(address))
            for address, page in pages.items()
        ]
        return [*views, *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        return is_planned(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        return obj is not None and is_planned(obj)

    def save_model(
        self, request: HttpRequest, obj: Experiment, form: BaseModelForm[Experiment], change: bool
    ) -> None:
        """
        Raises:
            PermissionDenied: Somebody has begun it while it was being edited.
        """
        if not change:
            obj.by = acting(request)
            obj.save()
            return
        current = Experiment.objects.select_for_update().get(pk=obj.pk)
        if not is_planned(current):
            raise PermissionDenied("The experiment has begun meanwhile.")
        obj.save(update_fields=["name", "hypothesis"])

    def start(self, request: HttpRequest, pk: int) -> HttpResponse:
        experiment = self._experiment(request, pk)
        if request.method != "POST":
            return ask(request, _before_starting(experiment))
        return self._done(request, experiments.start, experiment, "started")

    def end(self, request: HttpRequest, pk: int) -> HttpResponse:
        experiment = self._experiment(request, pk)
        if request.method != "POST":
            return ask(request, _before_ending(experiment))
        return self._done(request, experiments.end, experiment, "ended")

    def _done(
        self,
        request: HttpRequest,
        action: Callable[[int], Experiment],
        experiment: Experiment,
        word: str,
    ) -> HttpResponse:
        try:
            action(experiment.pk)
        except (Conflict, InvalidInput) as error:
            messages.error(request, f"Nothing was {word}. {error}")
        else:
            self.log_change(request, experiment, f"{word.capitalize()}.")
            messages.success(request, f"“{experiment}” is {word}. Workers know within 5 seconds.")
        return redirect("admin:triage_experiment_change", experiment.pk)

    def _experiment(self, request: HttpRequest, pk: int) -> Experiment:
        experiment = self.get_object(request, str(pk))
        if experiment is None:
            raise Http404
        return experiment

    @chip("State", STATE_COLORS)
    def state_chip(self, experiment: Experiment) -> tuple[str, str]:
        return (experiment.state, ExperimentState(experiment.state).label)

    @admin.display(description="Variants")
    def variants(self, experiment: Experiment) -> str:
        return ", ".join(variant.name for variant in experiment.variants.all())


def is_planned(experiment: Experiment | None) -> bool:
    """Whether it may be edited; so may one that is only being made."""
    return experiment is None or experiment.state == ExperimentState.PLANNED


def _before_starting(experiment: Experiment) -> Question:
    return Question(
        title=f"Start “{experiment}”?",
        text=(
            "From now on every ticket is asked with one of the variants, by lot and always the same one. It cannot be edited"
            " any more, and no other experiment runs beside it. The guide stays as it is, so the prompt cache stays warm;"
            " stored replies are used again only within a variant."
        ),
        button="Start",
        back=_page(experiment),
    )


def _before_ending(experiment: Experiment) -> Question:
    return Question(
        title=f"End “{experiment}”?",
        text=(
            "From now on every ticket is asked with the plain instruction. The results stay, and grow as long as people judge"
            " its tickets. It cannot be started again."
        ),
        button="End",
        back=_page(experiment),
    )


def _page(experiment: Experiment) -> str:
    return reverse("admin:triage_experiment_change", args=[experiment.pk])


def _address_name(address: str) -> str:
    return f"triage_experiment_{address.strip('/').rpartition('/')[2]}"

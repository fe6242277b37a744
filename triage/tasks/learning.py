"""Tasks that fit and train: their scikit-learn takes some 140 MB, so only the worker of `bulk` includes this module."""

from celery import shared_task

from triage.queue import TaskName
from triage.services.evaluation import advancing, fitting
from triage.services.evaluation.learning import nightly


@shared_task(name=TaskName.ADVANCE_EVALUATION.value, soft_time_limit=110)
def advance_evaluation(evaluation_id: int) -> None:
    advancing.advance(evaluation_id)


@shared_task(name=TaskName.LEARN.value, soft_time_limit=110)
def learn(by_id: int = 0) -> None:
    nightly.learn(by_id=by_id)


@shared_task(name=TaskName.FIT_CALIBRATOR.value, soft_time_limit=110)
def fit_calibrator(evaluation_id: int, stage: str, by_id: int, configuration: int = 0) -> None:
    fitting.fit(evaluation_id, stage=stage, by_id=by_id, configuration=configuration)

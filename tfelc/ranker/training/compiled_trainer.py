"""A ranker's trainer with its optimizers."""

from __future__ import annotations

from tfelc.lifecycle.training.optimizers.create_optimizer import create_optimizer, create_table_optimizer
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.multi_task_trainer import MultiTaskTrainer


def compiled_trainer(
    model: RankingModel, settings: RankerSettings, steps: int, before: int = 0, workers: Workers | None = None
) -> MultiTaskTrainer:
    """The trainer of a ranker, whose optimizers' schedules go over so many steps.

    Args:
        model: The ranker.
        settings: How it is trained.
        steps: Steps of the whole run.
        before: Steps that its optimizers have taken in the runs that it goes on from. Defaults to 0.
        workers: Who trains it. Defaults to None: this process alone.
    """
    training, optimizer = settings.training, settings.optimizer
    heads = model.ranker.tasks
    balance = training.balance.create(heads, {name: model.tasks[name].weight for name in heads}, training.seed)
    trainer = MultiTaskTrainer(
        model.ranker, model.tasks, balance, model.heads, training.ranking.create(), workers, name="trainer"
    )
    dense, tables = trainer.dense_and_table_variables()
    trainer.compile(
        create_optimizer(optimizer, steps, dense, before),
        create_table_optimizer(
            optimizer.tables, optimizer.tables_learning_rate, optimizer.schedule, steps, tables, before
        ),
        training.xla,
        optimizer.average,
        steps_per_execution=training.steps_per_execution,
    )
    return trainer

import keras
import numpy as np
import tensorflow as tf

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.features.fit import fit_features
from tfelc.lifecycle.training.optimizers.create_optimizer import create_optimizer, create_table_optimizer
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.multi_task_trainer import MultiTaskTrainer

_STEPS = 300


def test_long_epochs_are_logged_in_full_width() -> None:
    """In bfloat16 a counter stands still at 256, and a mean with it."""
    schema, rows = every_kind_schema(), every_kind_rows(_STEPS, 0)
    settings = [
        *("training.precision=mixed_bfloat16", "model.architecture.units=[8]", "model.clusters.num_clusters=3"),
        *(
            "optimizer.learning_rate=0.004",
            "optimizer.tables_learning_rate=0.02",
            "model.number_bins=0",
            "model.linear=false",
        ),
    ]
    config = RankerSettings.load(None, settings)
    keras.utils.set_random_seed(0)
    model = RankingModel.build(schema, fit_features(schema, [rows]), ("click", "buy"), config)
    balance = config.training.balance.create(("click", "buy"), {"click": 1.0, "buy": 1.0}, 0)
    trainer = MultiTaskTrainer(model.ranker, model.tasks, balance)
    optimizer, (dense, tables) = config.optimizer, trainer.dense_and_table_variables()
    trainer.compile(
        create_optimizer(optimizer, _STEPS, dense),
        create_table_optimizer(optimizer.tables, optimizer.tables_learning_rate, optimizer.schedule, _STEPS, tables),
    )
    labels = {task: rows[schema.tasks[task].label].to_numpy().astype("float32") for task in model.tasks}
    batches = tf.data.Dataset.from_tensor_slices((model.lookup.encode(rows), labels)).batch(1)
    logged = trainer.fit(batches, verbose=0, shuffle=False).history

    means = {metric.name: metric for metric in trainer.metrics if isinstance(metric, keras.metrics.Mean)}
    assert set(logged) - set(means) == {"clusters_in_use", "largest_cluster_share"}
    assert float(np.sum(trainer.ranker.network.clusters.share_tracker.rows)) == _STEPS
    for name, mean in means.items():
        assert float(mean.count) == _STEPS, name
        assert mean.total.dtype == mean.count.dtype == "float32", name
        assert np.isfinite(logged[name][0]), name
    parts = sum(logged[name][0] for name in logged if name.endswith("_weighted"))
    np.testing.assert_allclose(logged["loss"][0], parts, rtol=1e-5)
    # About log 2, since the weights start small and clicks are about even.
    assert 0.4 < logged["click_loss"][0] < 1.2

"""One step of training, checked against what the model's outputs say by hand."""

import itertools

import numpy as np
import pytest

from tests.support.training import create
from tfelc.core.errors import UsageError
from tfelc.losses.ranking.ranking_losses import ranking_losses
from tfelc.losses.ranking.settings import PairwiseRankingSettings
from tfelc.metrics.cluster_use import cluster_use
from tfelc.metrics.gate_entropy import gate_entropy
from tfelc.ranker.data.ranked_together import RANKED_TOGETHER
from tfelc.ranker.training.ranked_together import ranked_together
from tfelc.schema.task import Task

CALM = (
    "model.embedding_dropout=0",
    "model.architecture.dropout=0",
    "model.towers.dropout=0",
    "training.batch_size=600",
    "training.balance.name=fixed",
)


@pytest.fixture
def training(tmp_path, every_kind_dataset):
    numbers = itertools.count()

    def made(*settings, tasks=("click", "buy")):
        loop = create(every_kind_dataset, tmp_path / str(next(numbers)), *CALM, *settings, tasks=tasks)
        return loop.trainable

    return made


def first_batch(training):
    return next(iter(training.batches.epoch(0)))


def step(trainer, batch):
    """Trains on one batch; returns what is logged of it."""
    trainer.reset_metrics()
    return {name: float(value) for name, value in trainer.train_step(batch).items()}


def cross_entropy(labels, logits):
    p = 1 / (1 + np.exp(-np.asarray(logits, np.float64)))
    return -(labels * np.log(p) + (1 - labels) * np.log(1 - p))


def changes(trainer, batch):
    """How far one step moves each dense variable and each table."""
    before = [variable.numpy() for variable in trainer.trainable_variables]
    trainer.train_step(batch)
    moved = zip(trainer.trainable_variables, before, strict=True)
    return {variable.path: variable.numpy() - old for variable, old in moved}


def test_every_term_is_logged_raw_and_weighted(training):
    made = training("tasks.buy.weight=0.25", "model.clusters.alpha=0.3")
    features, labels, weights = first_batch(made)
    # Weights that matter: the dataset's own are all 1.
    weights = np.linspace(0, 2, 600).astype("float32")
    before = made.trainer.ranker(features)
    logits = before["logits"]
    logged = step(made.trainer, (features, labels, weights))
    clicked = labels["click"].numpy()
    click = cross_entropy(clicked, logits["click"])
    buy = cross_entropy(labels["buy"].numpy(), logits["buy"])
    assert logged["click_loss"] == pytest.approx((click * weights).sum() / weights.sum(), rel=1e-5)
    assert logged["buy_loss"] == pytest.approx((buy * weights * clicked).sum() / (weights * clicked).sum(), rel=1e-5)
    assert logged["click_weighted"] == pytest.approx(logged["click_loss"])
    assert logged["buy_weighted"] == pytest.approx(0.25 * logged["buy_loss"])
    assert logged["cluster_weighted"] == pytest.approx(0.3 * logged["cluster_loss"])
    assert logged["loss"] == pytest.approx(sum(value for name, value in logged.items() if name.endswith("_weighted")))
    assert len(logged) == 7 + 4
    # The health of gates and clusters, on the weights that the step began with.
    outputs = before["gates"], before["clusters"]
    for task, gates in outputs[0].items():
        assert logged[f"{task}_gate_entropy"] == pytest.approx(gate_entropy(gates), rel=1e-4)
    use = cluster_use(outputs[1]["assignment"])
    assert (logged["clusters_in_use"], logged["largest_cluster_share"]) == pytest.approx(use, rel=1e-4)


def test_terms_do_not_pile_up_from_step_to_step(training):
    made = training("optimizer.learning_rate=1e-12", "optimizer.tables_learning_rate=1e-12")
    batch = first_batch(made)
    assert step(made.trainer, batch) == pytest.approx(step(made.trainer, batch), abs=1e-4)


def test_the_own_term_of_a_balance_is_logged(training):
    made = training("training.balance.name=uncertainty")
    made.trainer.balance.log_variances.assign([1.0, -1.5])
    logged = step(made.trainer, first_batch(made))
    assert logged["click_weighted"] == pytest.approx(np.exp(-1) * logged["click_loss"], rel=1e-5)
    assert logged["balance_weighted"] == pytest.approx((1 - 1.5) / 2)


def test_over_the_entire_space_a_purchase_is_a_product(training):
    made = training("tasks.buy.space=entire")
    features, labels, weights = first_batch(made)
    logits = {name: np.asarray(value, np.float64) for name, value in made.trainer.ranker(features)["logits"].items()}
    p = 1 / (1 + np.exp(-logits["click"])) / (1 + np.exp(-logits["buy"]))
    both = labels["click"].numpy() * labels["buy"].numpy()
    wanted = -(both * np.log(p) + (1 - both) * np.log(1 - p)).mean()
    assert step(made.trainer, (features, labels, weights))["buy_loss"] == pytest.approx(wanted, rel=1e-5)


def test_only_the_tasks_that_are_predicted_are_logged(training):
    made = training("model.clusters.num_clusters=0", tasks=("buy",))
    features, labels, weights = first_batch(made)
    assert set(labels) == {"buy", "click"}  # Purchases are judged where there was a click.
    assert set(step(made.trainer, (features, labels, weights))) == {
        "loss",
        "buy_loss",
        "buy_weighted",
        "buy_gate_entropy",
    }


def test_rows_of_no_weight_teach_nothing(training):
    ends = []
    for flipped in (False, True):
        made = training()
        features, labels, _ = first_batch(made)
        weights = np.arange(600) % 2
        labels = {
            name: np.where(weights == 0, 1 - label, label) if flipped else label for name, label in labels.items()
        }
        made.trainer.train_step((features, labels, weights.astype("float32")))
        ends.append([variable.numpy() for variable in made.trainer.trainable_variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_large_gradients_are_cut_to_one_norm(training):
    common = ("optimizer.name=sgd", "optimizer.learning_rate=1", "optimizer.schedule=constant")
    made = training(*common, "optimizer.clip_norm=0.001", "tasks.click.weight=1000")
    moved = changes(made.trainer, first_batch(made))
    dense = [change for path, change in moved.items() if "tables" not in path]
    assert np.sqrt(sum(np.square(change).sum() for change in dense)) == pytest.approx(0.001, rel=1e-4)


def test_only_the_rows_of_a_batch_move_in_a_table(training):
    made = training()
    features, labels, weights = (pick(part, 3) for part in first_batch(made))
    table = made.trainer.ranker.encoder.tables[4]
    before = table.embeddings.numpy()
    made.trainer.train_step((features, labels, weights))
    moved = np.flatnonzero((table.embeddings.numpy() != before).any(axis=1))
    ids = np.unique(np.concatenate([np.ravel(ids) for key, ids in features.items() if not key.endswith("numbers")]))
    used = set(ids[ids < table.rows])
    (hashed,) = table.hashed
    for function in range(hashed.functions):
        used |= set(np.array(hashed.row(ids[ids >= table.rows] - table.rows, function)))
    assert 0 < len(moved) and set(moved) <= used


def pick(part, rows):
    return {key: value[:rows] for key, value in part.items()} if isinstance(part, dict) else part[:rows]


def test_the_moving_average_is_what_is_judged_and_kept(training):
    made = training("optimizer.average=0.2", "training.batch_size=300")
    trainer = made.trainer
    seen = [[variable.numpy() for variable in trainer.averaged_variables]]
    wanted = seen[0]
    for number, batch in enumerate(made.batches.epoch(0), 1):
        trainer.train_step(batch)
        seen.append([variable.numpy() for variable in trainer.averaged_variables])
        decay = min(0.2, (1 + number) / (10 + number))  # 2 / 11, then 0.2
        wanted = [decay * old + (1 - decay) * new for old, new in zip(wanted, seen[-1], strict=True)]
    assert len(seen) == 3 and len(wanted) == len(trainer.trainable_variables)
    with made.judged_weights():
        for variable, value in zip(trainer.averaged_variables, wanted, strict=True):
            np.testing.assert_allclose(variable.numpy(), value, rtol=1e-4, atol=1e-6)
    for variable, value in zip(trainer.averaged_variables, seen[-1], strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_without_an_average_the_weights_are_judged_as_they_are(training):
    made = training("optimizer.average=0")
    assert made.trainer.averages == [] and made.trainer.averaged_variables == []


@pytest.mark.parametrize("name", ["pairwise", "listwise"])
def test_a_ranking_term_is_logged_beside_the_losses_and_trained(training, name):
    term = f"training.ranking={{name: {name}, weight: 8}}"
    made = training(term, "tasks.buy.weight=0.25", "optimizer.schedule=constant")
    features, labels, weights = first_batch(made)
    logits = made.trainer.ranker(features)["logits"]
    logged = step(made.trainer, (features, labels, weights))
    groups = labels[RANKED_TOGETHER]
    wanted = ranking_losses(made.trainer._ranking, made.model.tasks, labels, logits, groups, weights)
    for task, weight in {"click": 8, "buy": 2}.items():
        assert logged[f"{task}_ranking_loss"] == pytest.approx(float(wanted[task]), rel=1e-5)
        assert logged[f"{task}_ranking_weighted"] == pytest.approx(weight * float(wanted[task]), rel=1e-5)
    assert logged["loss"] == pytest.approx(sum(value for name, value in logged.items() if name.endswith("_weighted")))
    before = logged["click_ranking_loss"]
    for _ in range(10):
        logged = step(made.trainer, (features, labels, weights))
    assert logged["click_ranking_loss"] < before


def test_a_ranking_term_needs_an_order_and_names_of_its_own(training, every_kind_dataset):
    schema, settings = every_kind_dataset.schema, PairwiseRankingSettings()
    value = Task(label="spent", kind="regression")
    with pytest.raises(UsageError, match="training.ranking: none of the tasks spent is binary"):
        ranked_together(schema, {"spent": value}, ["spent"], settings)
    tasks = {"click": schema.tasks["click"], "click_ranking": value}
    with pytest.raises(UsageError, match="task `click_ranking`: what training.ranking logs of `click` has that name"):
        ranked_together(schema, tasks, list(tasks), settings)
    with pytest.raises(UsageError, match="`training.ranking.group: usr` is not a column"):
        training("training.ranking={name: pairwise, group: usr}")

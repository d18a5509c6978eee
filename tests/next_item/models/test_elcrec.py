import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.support.sequence_models import (
    CALM,
    ITEM_BATCH,
    ITEMS,
    TARGETS,
    WIDTH,
    assert_steps_lower_the_loss,
    batch,
    model_settings,
    sequence_model,
    values,
)
from tfelc.losses import clustering
from tfelc.losses.contrastive import intent_contrast, sequence_contrast
from tfelc.next_item.models.elcrec import ELCRec
from tfelc.next_item.models.sequential_recommender import mean_over_items

ELCREC = ("clusters.num_clusters=3", "contrast.sequence_weight=0.2", "contrast.intent_weight=0.3", "clusters.alpha=0.5")
# Setting of before -> the same under the names of today.
ABLATIONS = {
    "b_ccl": (*ELCREC, "clusters.alpha=0"),
    "b_elcm": (*ELCREC, "contrast.sequence_weight=0", "contrast.intent_weight=0"),
    "elcrec": ELCREC,
}


@pytest.mark.parametrize(
    ("variant", "terms"),
    [
        ("b_ccl", ["next_item", "clustering", "sequence_contrast", "intent_contrast"]),
        ("b_elcm", ["next_item", "clustering"]),
        ("elcrec", ["next_item", "clustering", "sequence_contrast", "intent_contrast"]),
    ],
)
def test_the_terms_of_each_ablation(variant: str, terms: list[str]) -> None:
    model = sequence_model(*ABLATIONS[variant])
    assert type(model) is ELCRec
    found = values(model.compute_loss(ITEM_BATCH, TARGETS))
    assert list(found) == terms and all(np.isfinite(value) for value in found.values())
    # Without its weight the clustering loss moves nothing, and the centers learn from the contrast.
    assert (found.get("clustering", 1) == 0) == (variant == "b_ccl")
    assert "cluster" in model(ITEM_BATCH)
    with tf.GradientTape() as tape:
        loss = sum(model.compute_loss(ITEM_BATCH, TARGETS).values())
    assert np.abs(tape.gradient(loss, model.clusters.centers.value)).max() > 1e-5


@pytest.mark.parametrize("variant", ABLATIONS)
@pytest.mark.filterwarnings("ignore::tfelc.core.renamed_names.RenamedWarning")
def test_each_ablation_of_before_is_read_as_what_it_was(variant: str) -> None:
    assert model_settings(f"variant={variant}", *ELCREC) == model_settings(*ABLATIONS[variant])


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("objective", sorted(clustering.OBJECTIVES))
def test_the_clustering_loss_is_weighed_and_of_what_is_pooled(pooling: str, objective: str) -> None:
    settings = (*CALM, "clusters.num_clusters=3", f"clusters.pooling={pooling}", f"clusters.objective={objective}")
    model = sequence_model(*settings, "clusters.alpha=0.5")
    hidden = model.encoder(ITEM_BATCH)
    pooled = hidden[:, -1] if pooling == "last" else mean_over_items(hidden, ITEM_BATCH)
    np.testing.assert_allclose(model.encode_and_pool(ITEM_BATCH)[1], pooled, rtol=1e-4, atol=1e-5)
    rows, centers = (ops.normalize(value, axis=-1) for value in (pooled, model.clusters.centers))
    wanted = 0.5 * float(clustering.OBJECTIVES[objective](rows, centers, 0.1))
    for _ in range(2):  # nothing adds up from call to call
        assert float(model.compute_loss(ITEM_BATCH, TARGETS)["clustering"]) == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    nearest = np.argmax(np.array(rows) @ np.array(centers).T, axis=1)
    np.testing.assert_array_equal(model(ITEM_BATCH)["cluster"], nearest)


def test_clusters_that_were_merged_hold_nobody_and_are_no_negatives() -> None:
    model = sequence_model(
        *ELCREC, *CALM, "clusters.merge=true", "contrast.views=dropout", "contrast.sequence_weight=0"
    )
    centers = np.eye(4, dtype="float32")[[0, 1, 0]]  # the third stands on the first
    model.clusters.centers.assign(centers)
    model.compute_loss(ITEM_BATCH, TARGETS)
    np.testing.assert_array_equal(model.clusters.active, [1, 1, 0])
    assert np.all(np.array(model(ITEM_BATCH)["assignment"])[:, 2] == 0)
    rows = ops.normalize(model.encode_and_pool(ITEM_BATCH)[1], axis=-1)
    cluster = ops.cast(ops.argmax(rows @ centers[:2].T, axis=-1), "int32")
    wanted = 0.3 * float(intent_contrast(rows, centers[:2], cluster, 0.1))
    assert float(model.compute_loss(ITEM_BATCH, TARGETS)["intent_contrast"]) == pytest.approx(wanted, rel=1e-4)


def test_centers_that_follow_a_moving_mean_take_no_gradient() -> None:
    model = sequence_model(*ELCREC, "clusters.momentum=0.9")
    assert not any(weight is model.clusters.centers for weight in model.trainable_variables)
    before = np.array(model.clusters.centers)
    model.compute_loss(ITEM_BATCH, TARGETS)
    assert np.any(np.array(model.clusters.centers) != before)


def _unit(rows):
    rows = np.asarray(rows)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _expected_contrast(model: ELCRec, first_items, second_items, same=None):
    """The two contrasts, from what is asked of the model by hand."""
    config, centers = model.settings, _unit(model.clusters.centers)
    views, pooled = [], []
    for items in (first_items, second_items):
        hidden = np.array(model.encoder(items))
        mean = np.array(mean_over_items(hidden, items))
        clustered = mean if config.clusters.pooling == "mean" else hidden[:, -1]
        center = centers[np.argmax(_unit(clustered) @ centers.T, axis=1)]
        positions = {"last": hidden[:, -1:], "mean": mean[:, None], "concat": hidden}[config.contrast.pooling]
        if config.contrast.fusion == "shift":
            positions = positions + center[:, None]
        elif config.contrast.fusion == "concat":
            shape = (*positions.shape[:2], center.shape[1])
            positions = np.concatenate([positions, np.broadcast_to(center[:, None], shape)], axis=-1)
        if config.contrast.pooling == "concat":
            positions = positions * (items > 0)[:, :, None]
        views.append(positions.reshape(len(items), -1))
        pooled.append(clustered)
    if config.contrast.normalize:
        views, pooled = [_unit(view) for view in views], [_unit(rows) for rows in pooled]
    rows = np.concatenate(pooled).astype("float32")
    cluster = np.argmax(_unit(rows) @ centers.T, axis=1).astype("int32")
    temperature = config.contrast.temperature
    return (
        0.2 * float(sequence_contrast(*(view.astype("float32") for view in views), temperature, same)),
        0.3 * float(intent_contrast(rows, centers, cluster, temperature)),
    )


@pytest.mark.parametrize(
    ("views", "pooling", "clustered", "normalize", "fusion"),
    [
        ("augment", "concat", "mean", False, "concat"),  # the paper's
        ("augment", "concat", "mean", False, "shift"),  # the paper's on Beauty
        ("augment", "concat", "last", True, "none"),
        ("augment", "mean", "mean", True, "shift"),
        ("augment", "last", "mean", True, "concat"),
        ("dropout", "last", "last", True, "shift"),
        ("same_target", "last", "mean", False, "shift"),
    ],
)
def test_the_contrast_by_hand(
    views: str, pooling: str, clustered: str, normalize: bool, fusion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sequence_model(
        *ELCREC, *CALM, f"contrast.views={views}", f"contrast.pooling={pooling}", f"clusters.pooling={clustered}",
        f"contrast.normalize={normalize}", f"contrast.fusion={fusion}", "contrast.temperature=0.7",
    )  # fmt: skip
    # In place of the augmentations two fixed views, one of which is shorter.
    shorter = np.where(np.arange(WIDTH) < WIDTH - 2, 0, ITEM_BATCH)
    given = iter([ITEM_BATCH, shorter])
    monkeypatch.setattr(model, "augmentation", lambda items: ops.convert_to_tensor(next(given)))
    positive_views = batch(seed=5)[0] if views == "same_target" else None
    targets = np.array([1, 2, 1, 3, 2], "int32")
    same = None if views == "augment" else targets[:, None] == targets[None, :]
    second = {"augment": shorter, "dropout": ITEM_BATCH, "same_target": positive_views}[views]
    found = values(model.compute_loss(ITEM_BATCH, targets, positive_views))
    wanted = _expected_contrast(model, ITEM_BATCH, second, same)
    assert (found["sequence_contrast"], found["intent_contrast"]) == pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        (("contrast.sequence_weight=0", "contrast.intent_weight=0"), [5]),
        ((), [5, 10]),  # two augmented views in one pass
        (("contrast.views=dropout",), [5, 5]),
        (("contrast.views=same_target",), [5, 5]),
    ],
)
def test_each_view_is_encoded_once(settings: tuple[str, ...], rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    model = sequence_model(*ELCREC, *settings)
    encoded, call = [], model.encoder.call

    def counted(inputs, *arguments, **named):
        encoded.append(inputs.shape[0])
        return call(inputs, *arguments, **named)

    monkeypatch.setattr(model.encoder, "call", counted)
    model.compute_loss(ITEM_BATCH, TARGETS, ITEM_BATCH)
    assert encoded == rows


def test_augmented_views_differ_and_hold_masks() -> None:
    model = sequence_model(*ELCREC, "contrast.mask=1.0")
    seen, augment = [], model.augmentation
    model.augmentation = lambda items: seen.append(augment(items)) or seen[-1]
    many = np.tile(np.arange(1, 7, dtype="int32"), (40, 1))
    model.compute_loss(many, np.ones(40, "int32"))
    first, second = (np.array(view) for view in seen)
    assert not np.array_equal(first, second)
    assert np.sum(first == ITEMS + 1) > 0 and np.max(first) == model.encoder.mask_item


@pytest.mark.parametrize("views", ["augment", "dropout"])
def test_steps_lower_the_loss(views: str) -> None:
    assert_steps_lower_the_loss(sequence_model(*ELCREC, *CALM, f"contrast.views={views}", large=False))


def test_equal_seeds_give_equal_models_and_steps() -> None:
    one, same, other = (sequence_model(*ELCREC, seed=seed, large=False) for seed in (1, 1, 2))
    for a, b in zip(one.variables, same.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    losses = [values(model.compute_loss(ITEM_BATCH, TARGETS)) for model in (one, same, other)]
    assert losses[0] == losses[1] and losses[0]["next_item"] != losses[2]["next_item"]

import numpy as np
from keras import ops

from tfelc.layers.group_bias import GroupBias


def test_by_hand_and_for_one_group_of_many_rows() -> None:
    bias = GroupBias(num_groups=3)
    logits = ops.convert_to_tensor([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(bias(logits, ops.convert_to_tensor([2, 0, 2])), [1, 2, 3])
    bias.set_biases([0.5, -1.0, 2.0])
    np.testing.assert_allclose(bias(logits, ops.convert_to_tensor([2, 0, 1])), [3, 2.5, 2])
    np.testing.assert_allclose(bias(logits, ops.convert_to_tensor([1])), [0, 1, 2])
    assert not bias.trainable_weights


def test_config_comes_back_and_float32_stays() -> None:
    bias = GroupBias(num_groups=4, dtype="mixed_bfloat16", name="bias")
    again = GroupBias.from_config(bias.get_config())
    assert again.get_config() == bias.get_config()
    assert again(np.zeros(2, "float32"), np.array([0, 3])).dtype == "float32"

import numpy as np

from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.ease_search import choose_ease
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.ease import Ease

ITEMS = 40


def test_it_chooses_by_validation_and_is_fitted_to_what_is_said():
    splits = leave_one_out(simulate(150, ITEMS, 1).sequences)
    tried = {}
    model = choose_ease(splits, ITEMS, progress=lambda regularization, value: tried.update({regularization: value}))
    assert list(tried) == [10, 30, 100, 300, 1000] and model.regularization == max(tried, key=tried.get)
    # Fitted to the training actions: what it scores is what such a model does.
    plain = Ease(ITEMS, model.regularization).fit(splits.train)
    assert ndcg(full_ranking(plain, splits.validation, ITEMS).ranks, 20) == max(tried.values())
    np.testing.assert_array_equal(model.scores(splits.test), plain.scores(splits.test))
    again = choose_ease(splits, ITEMS, refitted=True)
    # By leave-one-out, training and validation are what a user had before the last item, which is the test history.
    actions, offsets = splits.train.joined(splits.validation).known()
    for row in range(len(splits.validation)):
        np.testing.assert_array_equal(actions[offsets[row] : offsets[row + 1]], splits.test.history(row))
    wanted = Ease(ITEMS, model.regularization).fit(splits.train.joined(splits.validation))
    np.testing.assert_array_equal(again.scores(splits.test), wanted.scores(splits.test))
    assert np.any(again.scores(splits.test) != plain.scores(splits.test))

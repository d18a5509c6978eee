from tfelc.metrics.ndcg import ndcg
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.ease_search import choose_ease_regularization
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.ease import Ease

ITEMS = 40


def test_it_is_the_best_on_validation_of_what_the_training_actions_give():
    splits, tried = leave_one_out(simulate(150, ITEMS, 1).sequences), {}
    found = choose_ease_regularization(
        splits, ITEMS, lambda regularization, value: tried.update({regularization: value})
    )
    assert list(tried) == [10, 30, 100, 300, 1000]
    for regularization, value in tried.items():
        model = Ease(ITEMS, regularization).fit(splits.train)
        assert ndcg(full_ranking(model, splits.validation, ITEMS).ranks, 20) == value <= tried[found]

"""What training saw of the items, and the groups that an evaluation is broken down by."""

import numpy as np

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.evaluation.tables import list_tables
from tfelc.next_item.evaluation.training_actions import TrainingActions

# User 0: 1 1 2 1, user 1: 3 2 4; training holds all prefixes of two and three actions.
ACTIONS = np.array([1, 1, 2, 1, 3, 2, 4], np.int32)
TRAIN = Examples(ACTIONS, np.array([0, 0, 4]), np.array([1, 2, 5]), np.array([1, 2, 2], np.int32), np.array([0, 0, 1]))


def asked(lengths, targets):
    stops = np.cumsum(lengths)
    return Examples(
        np.ones(stops[-1], np.int32), stops - lengths, stops, np.array(targets, np.int32), np.arange(len(targets))
    )


def test_what_was_taken_and_by_whom():
    found = TrainingActions.of(TRAIN, 5)
    assert found.counts.tolist() == [2, 2, 1, 0, 0]
    assert found.takers.toarray().tolist() == [[1, 0], [1, 1], [0, 1], [0, 0], [0, 0]]


def test_groups_by_length_and_by_popularity():
    # Of 12 actions item 1 holds 5, item 2 holds 3, and items 3 to 6 one each: thirds begin at 0, 4 and 8.
    training = TrainingActions(np.array([5, 3, 1, 1, 1, 1, 0]), None)
    found = training.groups(asked(np.array([1, 4, 5, 9, 10, 30, 2]), [1, 2, 3, 4, 7, 1, 7]))
    assert {name: np.flatnonzero(inside).tolist() for name, inside in found.items()} == {
        "history 1-4": [0, 1, 6],
        "history 5-9": [2, 3],
        "history 10+": [4, 5],
        "item popular": [0, 5],
        "item middling": [1],
        "item rare": [2, 3],
        "item new": [4, 6],
    }


class Given:
    def __init__(self, scores):
        self.rows = np.concatenate([np.zeros((len(scores), 1)), scores], axis=1).astype(np.float32)

    def scores(self, examples):
        return self.rows[examples.users]


def test_the_best_candidates_break_ties_by_number():
    scores = np.array([[3.0, 5.0, 5.0, 1.0], [2.0, 2.0, 2.0, 2.0], [9.0, 1.0, 4.0, 0.0]])
    histories = np.array([2, 1, 1, 2, 3, 4], np.int32)
    examples = Examples(
        histories, np.array([0, 1, 2]), np.array([1, 2, 6]), np.array([3, 4, 1], np.int32), np.arange(3)
    )
    assert full_ranking(Given(scores), examples, 4, best=3).best.tolist() == [[3, 1, 4], [2, 3, 4], [0, 0, 0]]
    kept = full_ranking(Given(scores), examples, 4, remove_seen=False, best=9, rows=2).best
    assert kept.tolist() == [[2, 3, 1, 4], [1, 2, 3, 4], [1, 3, 2, 4]]
    assert full_ranking(Given(scores), examples, 4).best.shape == (3, 0)


def test_tables_of_what_was_measured_alone():
    assert list_tables(EvaluationResult("test", "users", 3, {"next_item": {"hr@10": 0.5}})) == []

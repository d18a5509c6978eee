"""Simple models beside a result: measured after training, and found again by later evaluations."""

import json
from dataclasses import replace

from tests.support.toy_training import STEPS, Counter, toy_loop
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks

AUCS = (0.6, 0.8, 0.7, 0.9)


def test_simple_models_stand_beside_the_result_unless_they_are_left_out(tmp_path):
    class Beside(Counter):
        def yardsticks(self):
            return {"constant": {"toy": {"auc": 0.5}}}

    for wanted in (True, False):
        loop = toy_loop(tmp_path / str(wanted), Beside(AUCS), yardsticks=wanted)
        loop.train()
        result = loop.test()
        assert result.yardsticks == ({"constant": {"toy": {"auc": 0.5}}} if wanted else {})
        assert result.steps == STEPS * 4
        stored = EvaluationResult.from_json(json.loads((tmp_path / str(wanted) / "metrics.json").read_text()))
        assert (stored.yardsticks, stored.steps) == (result.yardsticks, result.steps)
        # A later evaluation of the same rows takes them from there, another split or other data does not.
        later = loop.trainable.evaluate("test")
        assert with_yardsticks(later, loop.run, "0") == result
        assert with_yardsticks(later, loop.run, "1") == later
        assert with_yardsticks(replace(later, split="validation"), loop.run, "0").yardsticks == {}
    (tmp_path / "True" / "metrics.json").write_text("{")
    assert with_yardsticks(later, toy_loop(tmp_path / "True", Beside(AUCS)).run, "0") == later

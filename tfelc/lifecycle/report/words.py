"""What the terms of a page mean."""

from __future__ import annotations

from collections.abc import Sequence

from tfelc.lifecycle.report.markup import data_table
from tfelc.lifecycle.report.section import Section

_MEANINGS = {
    "AUC": "of one row with the outcome and one without, how often the first has the higher prediction; 0.5 is chance",
    "GAUC": "the AUC within each user, averaged over the users who have both outcomes",
    "log loss": "the mean of -log of the probability that was given to what happened, in nats; lower is better",
    "NE": "normalized entropy: the log loss, divided by that of always predicting the mean rate; below 1 is better "
    "than that",
    "calibration": "the sum of the predictions, divided by the number of outcomes; 1 is right on average",
    "ECE": "expected calibration error: how far predicted and observed rates are apart, on average over tenths of the "
    "predictions",
    "HR@k": "hit rate: how often the next item is among the k best",
    "NDCG@k": "the same, where a hit counts less the further down it is: 1 / log2(1 + rank)",
    "nats": "units of information by the natural logarithm; a gate of equal weights on 4 experts has 1.39",
    "adjusted Rand": "how far two groupings agree: 1 is equal, 0 is chance",
    "silhouette": "how much nearer rows are to their own cluster than to the next one, from -1 to 1",
    "interval": "95 %: drawn again from the same users, the figure falls into it 95 times of 100",
}


def words(terms: Sequence[str]) -> Section:
    """A section with the meanings of terms.

    Args:
        terms: Names of the terms, in order.
    """
    rows = [(term, _MEANINGS[term]) for term in terms]
    return Section("Words of this page", [data_table("Terms", ("term", "meaning"), rows, words=True)])

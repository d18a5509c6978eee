"""What a ranker is held against: a constant, logistic regression and boosted trees, on the same rows."""

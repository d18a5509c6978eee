"""The next-item models, one per file, and the baselines that learn nothing."""

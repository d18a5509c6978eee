"""The ranker's network, and the model around it."""

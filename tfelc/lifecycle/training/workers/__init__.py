"""Training on several workers: the processes, their cluster, and what they share."""

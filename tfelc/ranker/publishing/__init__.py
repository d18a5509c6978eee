"""A ranker at the gate: measured beside the served version, through the signatures of both."""

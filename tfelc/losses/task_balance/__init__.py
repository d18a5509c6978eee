"""How the losses of several tasks are weighed against each other (section A.9): one strategy per file."""

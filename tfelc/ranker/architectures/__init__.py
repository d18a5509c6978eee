"""How the tasks share what they learn: one architecture a file."""

"""How the tasks share what they learn: one architecture per file."""

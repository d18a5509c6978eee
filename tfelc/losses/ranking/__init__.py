"""Terms that order the rows of one user, beside the tasks' losses."""

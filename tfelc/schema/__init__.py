"""What the columns of a log mean and what is to be predicted: columns, embedding tables, tasks, and their checks."""

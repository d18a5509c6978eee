"""Features that are counted from the log's own earlier rows, point in time."""

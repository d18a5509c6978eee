"""A log becomes a prepared dataset on Spark's workers."""

"""Batch scoring on Apache Spark."""

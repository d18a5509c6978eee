"""Batch scoring of an exported ranker: one machine, or Apache Beam."""

"""What Apache Spark reads."""

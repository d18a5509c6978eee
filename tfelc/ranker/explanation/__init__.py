"""Which features an exported ranker goes by."""

"""The settings of each next-item model: one model per file."""

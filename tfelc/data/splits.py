"""The three splits of a prepared dataset."""

SPLITS: tuple[str, ...] = ("train", "validation", "test")

"""Which version is served: rules for a candidate, the verdict, and the label that names the version."""

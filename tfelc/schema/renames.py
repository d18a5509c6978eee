"""How the keys of a schema and of the tasks' settings were called before."""

from tfelc.core.renamed_names import Rename

# In a schema, and under `tasks` in a ranker's settings.
SPACE_RENAME = Rename("tasks.*.space", "tasks.*.space", {"given": "conditional"})
SCHEMA_RENAMES = (Rename("tasks.*.given", "tasks.*.conditioned_on"), SPACE_RENAME)

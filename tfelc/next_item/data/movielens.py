"""MovieLens-25M and MovieLens-32M, read from the folder that their archive unpacks to."""

from __future__ import annotations

from pathlib import Path

from tfelc.core.errors import DataError
from tfelc.next_item.data.interaction_table import raw_interactions
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.sequences_of_rows import sequences_of_rows

# Ratings of each set, which tell them apart: the columns are the same.
RATINGS = {"ml-25m": 25_000_095, "ml-32m": 32_000_204}


def read_movielens(name: str, folder: Path, min_user_actions: int, min_item_users: int) -> Sequences:
    """Reads `ratings.csv` with the columns `userId`, `movieId`, `rating` and `timestamp`, in seconds.

    Every rating is an action, whatever its stars. The form and the numbers of ratings were read on 2026-11-28 at
    https://files.grouplens.org/datasets/movielens/ml-25m-README.html and
    https://files.grouplens.org/datasets/movielens/ml-32m-README.html.

    Args:
        name: `ml-25m` or `ml-32m`.
        folder: The folder that holds `ratings.csv`.
        min_user_actions: Ratings that every user must have; 0 keeps all.
        min_item_users: Different users that every movie must have; 0 keeps all.

    Raises:
        DataError: The folder or the file is missing, or it is of another set, or only a part of this one.
    """
    file = folder / "ratings.csv"
    if not file.is_file():
        raise DataError(f"{folder}: no ratings.csv; name the folder that {name}.zip unpacks to, as {name}:PATH")
    rows = raw_interactions([str(file)], "userId", "movieId", "timestamp")
    if (found := len(rows[0])) != RATINGS[name]:
        other = next((each for each, ratings in RATINGS.items() if ratings == found), None)
        fix = f"name it {other}:{folder}" if other else f"unpack {name}.zip again; other sets are tables of your own"
        raise DataError(f"{file}: {found:,} ratings, but {name} has {RATINGS[name]:,}; {fix}")
    return sequences_of_rows(name, rows, min_user_actions, min_item_users, file)

import io

import pyarrow as pa
from rich.console import Console

from tfelc.lifecycle.scoring.tables import rows_table


def test_rows_and_the_first_values_of_lists():
    rows = pa.table({"user": ["a", None], "score": [0.123456, 1.0], "items": [[1, 2, 3, 4, 5, 6], []]})
    console = Console(file=io.StringIO(), width=100)
    console.print(rows_table(rows))
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert ["a", "0.1235", "1,", "2,", "3,", "4,", "5,", "..."] in lines
    assert ["None", "1.0000"] in lines and "the first 2 rows" in console.file.getvalue()

"""Lists that are one sequence: how they are written, and what they must be."""

import pytest
import yaml

from tests.support.watched_log import SCHEMA, watched_schema
from tfelc.core.errors import SchemaError
from tfelc.schema.schema import Schema


def test_the_short_form_means_attention_and_comes_back_from_its_dump() -> None:
    schema = watched_schema()
    assert schema.sequences["watched"].columns == ("product_seen", "shop_seen", "dwell", "gap")
    assert [one.pooling for one in schema.sequences.values()] == ["attention", "transformer", "mean"]
    assert schema.sequence_columns["paid"] == ("product_bought", "paid")
    again = Schema.parse(yaml.safe_load(schema.dump()), "again")
    assert again == schema and again.hash() == schema.hash()


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ({"watched": ["product_seen", "visits"]}, "sequence `watched`: `visits` is not a column of kind `list`"),
        ({"watched": ["product_seen", "nothing"]}, "sequence `watched`: `nothing` is not a column of kind `list`"),
        ({"watched": ["product_seen", "product_seen"]}, "`product_seen` is already in `watched`"),
        ({"one": ["product_seen"], "two": ["product_seen"]}, "sequence `two`: `product_seen` is already in `one`"),
        ({"watched": ["product_seen", "product_bought"]}, "its columns must agree in `max_length`"),
        ({"watched": ["dwell", "gap"]}, "no column of it shares a `table` with one of role `item`"),
        ({"watched": {"columns": ["dwell"], "pooling": "mean"}}, "column `gap`: a list of type `float` must be in one"),
        ({"watched": {"columns": ["dwell"], "pooling": "max"}}, "`sequences.watched.pooling`"),
        ({"a-b": ["product_seen"]}, "`a-b` is no name a serving signature takes"),
    ],
)
def test_what_is_no_sequence_is_refused_in_one_line(sequences: object, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        watched_schema(sequences=sequences)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_list_of_numbers_takes_no_table_and_one_of_ids_no_transform() -> None:
    for old, new, message in (
        ("type: float, transform: log, ", "type: float, table: shop, ", "takes no `table`"),
        ("product_liked: {kind: list, ", "product_liked: {kind: list, transform: log, ", "takes no `transform`"),
    ):
        assert old in SCHEMA
        with pytest.raises(SchemaError, match=message):
            Schema.parse(yaml.safe_load(SCHEMA.replace(old, new)), "watched")

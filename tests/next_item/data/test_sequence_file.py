import gzip
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfelc.core.errors import DataError
from tfelc.next_item.data.sequence_file import read_sequence_file


def _read(folder: Path, text: str | bytes, name: str = "some.txt"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_sequence_file(path)


def test_ids_from_one_are_the_numbers(tmp_path: Path) -> None:
    sequences = _read(tmp_path, "5 3 1 2\n4 2 2\n")
    assert sequences.users.tolist() == [5, 4] and sequences.catalog.tolist() == [1, 2, 3]
    assert sequences.actions.tolist() == [3, 1, 2, 2, 2] and sequences.offsets.tolist() == [0, 3, 5]
    assert sequences.name == "some" and sequences.times is None


def test_other_ids_are_mapped_in_their_order(tmp_path: Path) -> None:
    gaps = _read(tmp_path, "1 100 7 20\r\n2\t7")
    assert gaps.catalog.tolist() == [7, 20, 100] and gaps.actions.tolist() == [3, 1, 2, 1]
    words = _read(tmp_path, "zoë 茶 cup 07\n1 7 茶\n")
    assert words.users.tolist() == ["zoë", "1"]
    assert words.catalog.tolist() == ["07", "7", "cup", "茶"] and words.actions.tolist() == [4, 3, 1, 2, 4]
    large = _read(tmp_path, "1 99999999999999999999 5\n")
    assert large.catalog.tolist() == ["5", "99999999999999999999"]


def test_one_user_one_item_and_no_newline(tmp_path: Path) -> None:
    sequences = _read(tmp_path, b"\xef\xbb\xbf1 1")
    assert sequences.num_users == sequences.num_items == 1 and sequences.of(0).tolist() == [1]


def test_gzip_reads_alike(tmp_path: Path) -> None:
    text = "1 4 5\n2 5\n"
    packed = _read(tmp_path, gzip.compress(text.encode()), "some.txt.gz")
    assert packed.hash == _read(tmp_path, text).hash and packed.name == "some"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2\n\n3 4\n", "line 2 is empty"),
        ("1 2\n3 4\n \t\n", "line 3 is empty"),
        ("1 2\n3\n", "line 2 has a user and no item"),
        (b"1 2\n3 4\n5 \xff\n", "line 3 is not UTF-8"),
        ("1 2\n3 4\n1 5\n3 6\n", "lines 1 and 3 have the same user `1`"),
        ("é 2\n3 4\né 5\n", "lines 1 and 3 have the same user `é`"),
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"some.txt: {message}"):
        _read(tmp_path, text)


def test_a_broken_or_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none.txt: no such file"):
        read_sequence_file(tmp_path / "none.txt")
    whole = gzip.compress(b"1 2 3\n" * 100)
    for broken in (whole[:-12], b"1 2 3\n", whole[:20] + b"\0\0\0\0" + whole[24:]):
        with pytest.raises(DataError, match=r"some.txt.gz: not a readable sequence file"):
            _read(tmp_path, broken, "some.txt.gz")


_WORDS = st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=4)


@given(st.dictionaries(_WORDS, st.lists(_WORDS, min_size=1, max_size=5), min_size=1, max_size=5))
def test_any_words_come_back(tmp_path_factory, lines) -> None:
    text = "".join(f"{user} {' '.join(items)}\n" for user, items in lines.items())
    if text.startswith("\ufeff"):
        return
    sequences = _read(tmp_path_factory.mktemp("words"), text)
    back = {
        str(user): [str(sequences.catalog[item - 1]) for item in sequences.of(row)]
        for row, user in enumerate(sequences.users)
    }
    assert back == lines


@pytest.mark.parametrize(
    ("file", "users", "items", "actions", "shortest"),
    [
        ("Beauty.txt", 22_363, 12_101, 198_502, 5),
        ("Sports_and_Outdoors.txt", 35_598, 18_357, 296_337, 5),
        ("Toys_and_Games.txt", 19_412, 11_924, 167_597, 5),
        ("Yelp.txt", 30_431, 20_033, 316_354, 5),
        ("ml-1m.txt.gz", 6_040, 3_706, 1_000_209, 20),
    ],
)
def test_the_public_files(data_dir: Path, file: str, users: int, items: int, actions: int, shortest: int) -> None:
    path = data_dir / "sequences" / file
    began = time.process_time()
    sequences = read_sequence_file(path)
    taken = time.process_time() - began
    assert (sequences.num_users, sequences.num_items, len(sequences.actions)) == (users, items, actions)
    assert sequences.lengths.min() == shortest
    # The id in the file is the number of the item.
    assert sequences.catalog.tolist() == list(range(1, items + 1))
    opened = gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    with opened as lines:
        for row, line in zip(range(50), lines, strict=False):
            assert [sequences.users[row], *sequences.of(row)] == [int(word) for word in line.split()]
    assert taken < 1.5  # Yelp takes 0.1 s

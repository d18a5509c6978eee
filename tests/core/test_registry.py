import subprocess
import sys

import pytest

from tfelc.core.errors import UsageError
from tfelc.core.plugins import load_plugins
from tfelc.core.registry import Registry


def _fractions() -> Registry:
    return Registry("number", {"fraction": "fractions:Fraction", "decimal": "decimal:Decimal"})


def test_parts_are_found_by_name_in_order() -> None:
    found = _fractions()
    found.register("whole", int)
    assert found.names() == ["fraction", "decimal", "whole"]
    assert [found.get(name).__name__ for name in found.names()] == ["Fraction", "Decimal", "int"]


def test_listing_names_imports_nothing() -> None:
    program = (
        "import sys; from tfelc.core.registry import Registry\n"
        "assert Registry('thing', {'a': 'no_such_module:a'}).names() == ['a']\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_taken_name_is_refused_and_the_same_part_is_not() -> None:
    found = _fractions()
    found.register("whole", int)
    found.register("whole", int)
    for name in ("whole", "fraction"):
        with pytest.raises(UsageError, match=f"number `{name}`: the name is taken"):
            found.register(name, float)


def test_a_class_that_is_defined_again_takes_its_place() -> None:
    """As it is when a notebook's cell is run twice."""
    found = _fractions()
    for size in (1, 2):

        class Half:
            parts = size

        found.register("half", Half)
    assert found.get("half").parts == 2


def test_an_unknown_name_is_told_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="no number `fractoin`; .* fraction, decimal; did you mean `fraction`"):
        _fractions().get("fractoin")


def test_a_plug_in_that_cannot_be_imported_is_told() -> None:
    with pytest.raises(UsageError, match="plugins: `no.such` cannot be imported"):
        load_plugins(["no.such"])


def test_an_installed_package_brings_its_parts(tmp_path) -> None:
    """By its entry point, in a process that never names it."""
    (tmp_path / "halves.py").write_text("from shelf import SHELF\nSHELF.register('half', 0.5)\n")
    (tmp_path / "shelf.py").write_text(
        "from tfelc.core.registry import Registry\nSHELF = Registry('number', {'pi': 'math:pi'})\n"
    )
    info = tmp_path / "halves-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: halves\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tfelc.plugins]\nhalves = halves\n")
    program = "from shelf import SHELF; print(SHELF.names(), SHELF.get('half'))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("['pi', 'half'] 0.5\n", "")

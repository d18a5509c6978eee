import os
import stat

import pytest

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.versions import list_versions, new_version


def publish(base, text="model"):
    with new_version(base) as pending:
        (pending.path / "variables").mkdir()
        (pending.path / "saved_model.pb").write_text(text)
        (pending.path / "variables" / "data").write_text(text)
    return pending


def test_versions_grow_from_the_largest_one(tmp_path):
    base = tmp_path / "models" / "ranker"
    assert list_versions(base) == []
    assert publish(base, "first").version == 1
    (base / "41").mkdir()
    (base / "latest").mkdir()
    (base / ".tmp-99").mkdir()
    pending = publish(base, "second")
    assert (pending.version, pending.path) == (42, base / "42")
    assert list_versions(base) == [1, 41, 42]
    assert (base / "42" / "variables" / "data").read_text() == "second"
    assert (base / "1" / "saved_model.pb").read_text() == "first"


def test_it_is_no_version_before_it_is_whole(tmp_path):
    with new_version(tmp_path) as pending:
        (pending.path / "saved_model.pb").write_text("half")
        assert list_versions(tmp_path) == []
        assert pending.version is None
        assert pending.path.parent == tmp_path
        assert not pending.path.name.isdigit()


def test_a_failure_leaves_nothing_behind(tmp_path):
    publish(tmp_path)
    with pytest.raises(ZeroDivisionError), new_version(tmp_path) as pending:
        (pending.path / "saved_model.pb").write_text("half")
        raise ZeroDivisionError
    assert [entry.name for entry in tmp_path.iterdir()] == ["1"]


def test_a_number_that_another_export_took_meanwhile_is_left_to_it(tmp_path):
    with new_version(tmp_path) as slow:
        (slow.path / "saved_model.pb").write_text("slow")
        publish(tmp_path, "fast")
    assert slow.version == 2
    assert (tmp_path / "1" / "saved_model.pb").read_text() == "fast"


def test_two_exports_that_choose_the_same_number_do_not_overwrite_each_other(tmp_path, monkeypatch):
    import tfelc.lifecycle.export.versions as module

    seen = iter([[], [1]])
    publish(tmp_path, "fast")
    monkeypatch.setattr(module, "list_versions", lambda base: next(seen))
    assert publish(tmp_path, "slow").version == 2
    assert (tmp_path / "1" / "saved_model.pb").read_text() == "fast"


def test_another_user_can_read_it(tmp_path):
    umask = os.umask(0o022)
    try:
        publish(tmp_path)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "1").stat().st_mode) == 0o755


def test_a_base_that_is_a_file_is_named(tmp_path):
    (tmp_path / "base").write_text("")
    with pytest.raises(ExportError, match="base: cannot be written to"), new_version(tmp_path / "base"):
        pass

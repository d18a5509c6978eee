from pathlib import Path

from tfelc.core.cache import cache_home


def test_tfelc_home_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("TFELC_HOME", str(tmp_path / "mine"))
    assert cache_home() == tmp_path / "mine"


def test_the_users_cache_directory_is_next(monkeypatch, tmp_path):
    monkeypatch.delenv("TFELC_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_home() == tmp_path / "tfelc"


def test_a_relative_or_empty_cache_directory_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TFELC_HOME", "")
    for value in ("", "caches"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_home() == tmp_path / ".cache" / "tfelc"


def test_a_relative_home_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFELC_HOME", "here")
    assert cache_home() == Path(tmp_path, "here")

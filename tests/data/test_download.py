import hashlib
import re
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tfelc.core.errors import DataError
from tfelc.data import download as sequence_download
from tfelc.data.download import PublicFile, download

BODY = b"".join(b"%d 1 2 3\n" % user for user in range(1, 30_000))


class _Server(ThreadingHTTPServer):
    """A loopback server whose manners a test sets."""

    body = BODY
    ranges = True
    status = 200
    cut_after: tuple[int, ...] = ()  # bytes after which each of the first answers breaks off
    silent_after: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str | None] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no fault here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Range"))
        start = int(re.sub(r"\D", "", self.headers.get("Range", "0")) or 0) if self.server.ranges else 0
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if start >= len(self.server.body) and start:
            self.send_error(416)
            return
        body = self.server.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{start + len(body)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        number = len(self.server.asked) - 1
        if number < len(self.server.cut_after):
            body = body[: self.server.cut_after[number]]
        if self.server.silent_after is not None:
            self.wfile.write(body[: self.server.silent_after])
            self.wfile.flush()
            threading.Event().wait(1.5)
            return
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server():
    with _Server() as one:
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def file(server: _Server) -> PublicFile:
    url = f"http://127.0.0.1:{server.server_port}/data/Some.txt"
    return PublicFile("Some.txt", url, hashlib.sha256(BODY).hexdigest(), len(BODY))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_downloads_once(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "sequences"
    path = download(file, folder)
    assert path.read_bytes() == BODY and _names(folder) == ["Some.txt"]
    assert download(file, folder) == path and server.asked == [None]


def test_a_damaged_copy_is_replaced(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    (tmp_path / "Some.txt").write_bytes(BODY[:-1] + b"!")
    assert download(file, tmp_path).read_bytes() == BODY


def test_goes_on_where_it_was_cut_off(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    server.cut_after = (100_000, 70_000)
    assert download(file, tmp_path).read_bytes() == BODY
    assert server.asked == [None, "bytes=100000-", "bytes=170000-"]


def test_a_later_call_goes_on(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    server.cut_after = (100_000, 0)
    with pytest.raises(DataError, match=r"cannot be downloaded: .* 100,000 of .*Some\.txt"):
        download(file, tmp_path)
    assert _names(tmp_path) == [".Some.txt.part"]
    assert download(file, tmp_path).read_bytes() == BODY and _names(tmp_path) == ["Some.txt"]
    assert server.asked[2:] == ["bytes=100000-"]


def test_a_server_without_ranges_begins_again(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    server.ranges = False
    server.cut_after = (100_000,)
    assert download(file, tmp_path).read_bytes() == BODY
    assert server.asked == [None, "bytes=100000-"]


def test_a_part_that_is_too_long_begins_again(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    (tmp_path / ".Some.txt.part").write_bytes(BODY + b"more")
    assert download(file, tmp_path).read_bytes() == BODY


def test_a_wrong_checksum_leaves_nothing_to_go_on_from(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    server.body = BODY[:-2] + b"4\n"
    with pytest.raises(DataError, match=r"another file than expected: its SHA-256 differs; save .*/Some\.txt"):
        download(file, tmp_path)
    assert not (tmp_path / "Some.txt").exists()
    server.body = BODY
    assert download(file, tmp_path).read_bytes() == BODY


def test_no_more_is_read_than_the_file_has(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    server.body = BODY * 20
    with pytest.raises(DataError, match=f"another file than expected: over {len(BODY):,} bytes"):
        download(file, tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= len(BODY)


@pytest.mark.parametrize("status", [404, 503])
def test_an_error_of_the_server_is_told(server: _Server, file: PublicFile, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(DataError, match=rf"http://.*: the server answered {status} .*; save it by hand as {tmp_path}"):
        download(file, tmp_path)
    assert len(server.asked) == 1


def test_silence_ends_in_an_error(server: _Server, file: PublicFile, tmp_path: Path, monkeypatch) -> None:
    server.silent_after = 0
    monkeypatch.setattr(sequence_download, "_TIMEOUT", 0.3)
    with pytest.raises(DataError, match="cannot be downloaded: timed out"):
        download(file, tmp_path)


def test_offline_names_the_url_and_the_place(file: PublicFile, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/Some.txt"
        expected = f"{nobody}: cannot be downloaded: .*refused.*or save it by hand as {tmp_path / 'Some.txt'}"
        with pytest.raises(DataError, match=expected):
            download(replace(file, url=nobody), tmp_path)
    with pytest.raises(DataError, match=r"cannot be downloaded: .*try again"):
        download(replace(file, url="http://name.invalid/Some.txt"), tmp_path)


def test_a_folder_that_cannot_be_written_is_told(file: PublicFile, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match=r"taken/Some\.txt: cannot be written"):
        download(file, tmp_path / "taken")


def test_two_at_a_time_download_it_once(server: _Server, file: PublicFile, tmp_path: Path) -> None:
    threads = [threading.Thread(target=download, args=(file, tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "Some.txt").read_bytes() == BODY
    assert len(server.asked) == 1

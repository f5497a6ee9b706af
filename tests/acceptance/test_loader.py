"""The guestbook on a server loader as a process: hooks in order, routes of two versions, sessions, files, sockets."""

import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests
import socketio
from tests.acceptance.conftest import PATIENCE, ROOT, Service

EXAMPLE = ROOT / "examples" / "loader"

#: The phases, in order, with who is called in each.
START = [
    "GuestbookServer.__init__",
    "GuestbookServer.before_init",
    "GuestbookServer.on_init: connecting",
    "GuestbookServer.on_init: connected",
    "Guestbook.__init__",
    "Guestbook.on_init",
    "GuestbookServer.after_init",
    *(
        f"{who}.{hook}"
        for hook in (
            "on_mounting_middlewares",
            "before_routes_init",
            "on_routes_init",
            "after_routes_init",
            "before_listen",
            "after_listen",
            "on_ready",
        )
        for who in ("GuestbookServer", "Guestbook")
    ),
    "Guestbook.on_server_ready",
]
END = ["Guestbook.on_destroy", "GuestbookServer.on_destroy", "guestbook has stopped."]


class Book(Service):
    """The example on a SQLite file."""

    def __init__(self, database: Path, example: Path = EXAMPLE) -> None:
        super().__init__(database, example)
        self.environment = {"GUESTBOOK_DATABASE": str(database)}

    def sign(self, name: str, text: str) -> int:
        """Add an entry; gives its id."""
        answer = self.client.post("/rest/entries", json={"name": name, "text": text})
        assert answer.status_code == 201, answer.text
        made: int = answer.json()["id"]
        return made

    def told(self) -> list[str]:
        """The lines that were printed and read so far."""
        return "".join(self.output).splitlines()


@pytest.fixture(scope="module")
def open_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """A running server for the tests of this module."""
    book = Book(tmp_path_factory.mktemp("guestbook") / "guestbook.db").start()
    yield book
    book.kill()


@pytest.fixture
def book(open_book: Book) -> Iterator[Book]:
    """The same, with a client without cookies."""
    open_book.client.cookies.clear()
    return open_book


@pytest.fixture
def new_book(tmp_path: Path) -> Iterator[Book]:
    """One that is not started."""
    book = Book(tmp_path / "guestbook.db")
    yield book
    book.kill()


def test_hooks_are_called_in_the_documented_order(new_book: Book) -> None:
    """LOAD-012, LOAD-014, LOAD-022, LOAD-036, LOAD-038"""
    new_book.start()
    assert new_book.told() == [*START, f"servers.RestServer listens at {new_book.addresses['servers.RestServer']}"]
    new_book.output.clear()
    assert new_book.client.get("/rest/entries").json() == []
    assert new_book.stop(signal.SIGTERM) == (0, "")
    request = "GET /rest/entries"
    assert new_book.told() == [f"Guestbook.on_request: {request}", f"Guestbook.on_response: {request}", *END]


def test_it_runs_in_its_own_folder_by_what_its_project_file_says(new_book: Book) -> None:
    new_book.start(cwd=EXAMPLE)
    new_book.sign("Ada", "first")
    assert new_book.stop() == (0, "")
    new_book.start()
    assert new_book.client.get("/rest/v1/entries").json() == ["Ada: first"], "what was written is kept"


def test_both_versions_are_served_from_folders_of_their_own(book: Book) -> None:
    """LOAD-076"""
    made = book.sign("Ada", "of two versions")
    assert {"id": made, "name": "Ada", "text": "of two versions"} in book.client.get("/rest/entries").json()
    assert "Ada: of two versions" in book.client.get("/rest/v1/entries").json()
    assert book.client.post("/rest/v1/entries", json={"name": "Ada", "text": "x"}).status_code == 405
    assert book.client.get("/rest/v1/visitor").status_code == 404
    assert book.client.get("/entries").status_code == 404


def test_a_form_signs_like_json(book: Book) -> None:
    """LOAD-137, LOAD-145, LOAD-146"""
    answer = book.client.post("/rest/entries", data={"name": "Grace", "text": "by a form"})
    assert (answer.status_code, answer.json()["name"]) == (201, "Grace")
    answer = book.client.post("/rest/entries", json={"name": "Grace"})
    assert (answer.status_code, "text" in answer.text) == (422, True)
    assert book.client.post("/rest/entries", json={"name": "", "text": "x"}).status_code == 422
    answer = book.client.post("/rest/entries", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_a_session_is_kept_from_request_to_request(book: Book) -> None:
    """LOAD-138, LOAD-148"""
    assert book.client.get("/rest/visitor").json() == {"name": None, "signed": 0}
    assert not book.client.cookies, "nothing was kept, no cookie"
    book.sign("Ada", "once")
    book.sign("Ada", "twice")
    assert book.client.get("/rest/visitor").json() == {"name": "Ada", "signed": 2}
    other = httpx.get(f"{book.client.base_url}/rest/visitor", timeout=PATIENCE)
    assert other.json() == {"name": None, "signed": 0}
    (cookie,) = list(book.client.cookies.jar)
    altered = {"cookie": f"{cookie.name}=x{cookie.value}"}
    answer = httpx.get(f"{book.client.base_url}/rest/visitor", headers=altered, timeout=PATIENCE)
    assert answer.json() == {"name": None, "signed": 0}
    assert book.client.delete("/rest/visitor").status_code == 204
    assert not book.client.cookies


def test_another_verb_may_be_named_by_a_header(book: Book) -> None:
    """LOAD-147"""
    made = book.sign("Ada", "to be removed")
    headers = {"X-HTTP-Method-Override": "delete"}
    assert book.client.get(f"/rest/entries/{made}", headers=headers).status_code == 405, "of POST only"
    assert book.client.post(f"/rest/entries/{made}", headers=headers).status_code == 204
    assert book.client.post(f"/rest/entries/{made}", headers=headers).status_code == 404
    assert book.client.post("/rest/entries", headers={"X-HTTP-Method-Override": "fly"}).status_code == 400


def test_files_are_served_behind_the_routes(book: Book) -> None:
    """LOAD-018, LOAD-154"""
    answer = book.client.get("/", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert answer.content == (EXAMPLE / "guestbook" / "public" / "index.html").read_bytes()
    assert book.client.get("/index.html").content == answer.content
    assert book.client.get("/none.html").status_code == 404


def test_answers_are_compressed_and_only_in_accepted_types(book: Book) -> None:
    """LOAD-140, LOAD-147"""
    book.sign("Ada", "a long text " * 500)
    packed = book.client.get("/rest/entries", headers={"accept-encoding": "gzip"})
    plain = book.client.get("/rest/entries", headers={"accept-encoding": "identity"})
    assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert packed.json() == plain.json()
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 5
    refused = book.client.get("/rest/entries", headers={"accept": "application/xml"})
    assert (refused.status_code, "application/json" in refused.text) == (406, True)


@pytest.fixture
def socket_client() -> Iterator[socketio.Client]:
    """A client of the socket server that is not connected."""
    with requests.Session() as session:
        client = socketio.Client(reconnection=False, request_timeout=PATIENCE, http_session=session)
        yield client
        client.disconnect()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_sockets_are_served_beside_the_routes_until_the_server_stops(
    new_book: Book, socket_client: socketio.Client, transport: str
) -> None:
    """LOAD-038, LOAD-155: whoever is connected is told of what is written by sockets and by HTTP, and of the end."""
    heard: list[dict[str, object]] = []
    twice, gone = threading.Event(), threading.Event()
    socket_client.on("disconnect", lambda *_: gone.set())

    @socket_client.event
    def signed(entry: dict[str, object]) -> None:
        heard.append(entry)
        if len(heard) == 2:
            twice.set()

    new_book.environment["MAINSPRING_SHUTDOWN_GRACE_PERIOD"] = str(PATIENCE)
    url = str(new_book.start().client.base_url)
    socket_client.connect(url, transports=[transport], wait_timeout=PATIENCE)
    assert socket_client.transport() == transport
    written = socket_client.call("sign", {"name": "Joan", "text": "by a socket"}, timeout=PATIENCE)
    refused = socket_client.call("sign", {"name": "Joan"}, timeout=PATIENCE)
    assert refused == {"error": "give a name and a text"}
    posted = new_book.sign("Ada", "by HTTP")
    assert twice.wait(PATIENCE)
    assert heard == [written, {"id": posted, "name": "Ada", "text": "by HTTP"}]
    assert new_book.client.get("/rest/v1/entries").json() == ["Joan: by a socket", "Ada: by HTTP"]

    assert new_book.stop(signal.SIGTERM) == (0, "")
    assert gone.wait(PATIENCE)
    assert new_book.told()[-len(END) :] == END


def test_a_second_one_on_the_same_port_says_so_and_harms_nobody(book: Book, new_book: Book) -> None:
    """LOAD-045, LOAD-047, LOAD-049"""
    new_book.environment["PORT"] = str(book.client.base_url.port)
    process = new_book.spawn()
    out, err = process.communicate(timeout=PATIENCE)
    told = out.splitlines()
    until = START.index("GuestbookServer.after_listen")
    assert (process.returncode, told[:until]) == (1, START[:until])
    failed, *closed = told[until:]
    assert failed.startswith("GuestbookServer.on_server_init_error: ")
    assert new_book.environment["PORT"] in failed
    assert closed == END[:2], "what was opened is closed"
    assert (err.count("\n"), new_book.environment["PORT"] in err, "Traceback" in err) == (1, True, False)
    assert book.client.get("/rest/entries").status_code == 200


def test_a_database_that_cannot_be_opened_is_told_before_anything_is_built(new_book: Book) -> None:
    """LOAD-047, LOAD-048"""
    new_book.environment["GUESTBOOK_DATABASE"] = "/nowhere/at/all/guestbook.db"
    process = new_book.spawn()
    out, err = process.communicate(timeout=PATIENCE)
    *before, failed = out.splitlines()
    assert (process.returncode, before) == (1, START[:3])
    assert failed.startswith("GuestbookServer.on_server_init_error: ")
    assert "Traceback" not in err


def test_without_socket_io_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "socketio.py").write_text("raise ImportError('not installed')\n")
    copy = tmp_path / "example"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    book = Book(tmp_path / "guestbook.db", copy)
    book.environment["PYTHONPATH"] = str(tmp_path)
    status, error = book.fail()
    assert (status, "pip install python-socketio" in error) == (1, True)

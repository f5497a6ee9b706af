"""TLS on the listener, with certificates made on the spot."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate
from websockets.asyncio.client import connect

from mainspring.rest import RequestContext, RestApplication, RestBindings, WebSocket
from mainspring.rest.errors import SettingError
from mainspring.rest.listening import KINDS


class Files:
    """A certificate for this machine in every form, and who signed it."""

    def __init__(self, folder: Path, name: str = "a") -> None:
        self.authority = trustme.CA()
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        self.cert, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self.both = folder / f"{name}.pem"
        self.both.write_bytes(chain + issued.private_key_pem.bytes())
        self.encrypted, self.pfx, self.ca = folder / f"{name}.enc", folder / f"{name}.pfx", folder / f"{name}.ca"
        self.cert.write_bytes(chain)
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.ca.write_bytes(self.authority.cert_pem.bytes())
        secret: Any = BestAvailableEncryption(b"secret")
        self.encrypted.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
        certificate = load_pem_x509_certificate(chain)
        self.pfx.write_bytes(pkcs12.serialize_key_and_certificates(b"a", key, certificate, None, secret))  # type: ignore[arg-type]

    def client(self) -> ssl.SSLContext:
        """Trusts nobody but the authority of these files."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def application(setting: Any, server: str = "mainspring") -> RestApplication:
    app = RestApplication({"rest": {"port": 0, "protocol": "https", "ssl": setting, "server": server}})

    async def where(context: RequestContext) -> list[str]:
        return [context.request.scheme, context.requested_base_url]

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send(await socket.receive())

    app.route("get", "/where", None, where)
    app.websocket("/echo", echo)
    return app


async def ask(port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    writer.write(f"GET /where HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


FORMS = {
    "pem": lambda files: {"cert_file": str(files.cert), "key_file": files.key},
    "encrypted": lambda files: {"cert_file": files.cert, "key_file": files.encrypted, "password": "secret"},
    "with clients": lambda files: {"cert_file": files.cert, "key_file": files.key, "ca_file": files.ca},
    "pfx": lambda files: {"pfx_file": files.pfx, "password": "secret"},
    "one file": lambda files: {"cert_file": files.both},
}


#: What granian cannot load of it. With an error of its own it would end the whole process.
NOT_FOR_GRANIAN = {
    "encrypted": "ssl.password",
    "with clients": "ssl.ca_file",
    "pfx": "cert_file and key_file alone",
    "context": "cert_file and key_file alone",
}


@pytest.mark.parametrize("server", KINDS)
@pytest.mark.parametrize("form", [*FORMS, "one file", "context"])
async def test_every_form_of_a_certificate_is_served(files: Files, form: str, server: str) -> None:
    """REST-014 REST-007"""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.cert, files.key)
    app = application(context if form == "context" else FORMS[form](files), server)
    if server == "granian" and form in NOT_FOR_GRANIAN:
        with pytest.raises(SettingError, match=NOT_FOR_GRANIAN[form]):
            await app.start()
        return
    async with app:
        port = app.rest_server.port
        assert app.rest_server.url == f"https://127.0.0.1:{port}"
        answer = await ask(port, files.client())
        assert answer.endswith(f'["https","https://localhost:{port}"]'.encode())
        async with connect(f"wss://localhost:{port}/echo", ssl=files.client(), host="127.0.0.1") as client:
            await client.send("hello")
            assert await client.recv() == "hello"


@pytest.mark.parametrize("server", ["hypercorn", "granian"])
async def test_http2_is_offered_by_servers_that_speak_it(files: Files, server: str) -> None:
    async with application(FORMS["pem"](files), server) as app:
        async with httpx.AsyncClient(http2=True, verify=files.client()) as client:
            answer = await client.get(f"https://localhost:{app.rest_server.port}/where")
        assert (answer.http_version, answer.json()[0]) == ("HTTP/2", "https")


@pytest.mark.parametrize("server", KINDS)
async def test_plain_text_on_a_port_of_tls_gets_nothing(files: Files, server: str) -> None:
    async with application(FORMS["pem"](files), server) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.rest_server.port)
        writer.write(b"GET /where HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert b"200" not in await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            pass
        finally:
            writer.close()
        assert b"HTTP/1.1 200 " in await ask(app.rest_server.port, files.client())


async def test_options_bound_between_a_stop_and_the_next_start_are_used(files: Files, tmp_path: Path) -> None:
    """REST-004"""
    app = application(FORMS["pem"](files))
    await app.start()
    await app.stop()
    other = Files(tmp_path, "b")
    app.rest_server.bind(RestBindings.SSL).to(FORMS["pem"](other))
    await app.start()
    try:
        assert b"200 OK" in await ask(app.rest_server.port, other.client())
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(app.rest_server.port, files.client())
    finally:
        await app.stop()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"cert_file": "nowhere.crt"}, "No such file"),
        ({"password": "wrong", "pfx_file": "PFX"}, "password"),
        ({"key_file": "ENCRYPTED"}, "give its password"),
        ({"key_file": "ENCRYPTED", "password": "wrong"}, "ssl"),
        ({"cert_file": None}, "needs cert_file and key_file"),
        ({"key_file": "OTHER"}, "ssl"),
    ],
)
async def test_what_cannot_be_loaded_is_told_at_the_start(
    files: Files, tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    """REST-014"""
    places = {"PFX": files.pfx, "ENCRYPTED": files.encrypted, "OTHER": Files(tmp_path, "b").key}
    setting = {**FORMS["pem"](files), **{key: places.get(value, value) for key, value in change.items()}}
    app = application(setting)
    with pytest.raises(SettingError, match=word) as caught:
        await app.start()
    assert "wrong" not in str(caught.value)
    assert not app.rest_server.listening

"""What the pages use of curl, spoken with the standard library: a machine need not have it."""

import argparse
import base64
import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["curl"]

BOUNDARY = "----------of-the-parts"


def curl(words: list[str]) -> str:
    """Send one request and give what curl would print."""
    given = parsed(words)
    url = urlsplit(given.url if "://" in given.url else f"http://{given.url}")
    body, headers = body_of(given)
    headers |= dict(map(split_header, given.headers))
    if given.user:
        headers["authorization"] = "Basic " + base64.b64encode(given.user.encode()).decode()
    if given.cookie:
        headers["cookie"] = given.cookie
    connection = connect(url.hostname or "", url.port, url.scheme == "https")
    try:
        method = given.method or ("HEAD" if given.head else "POST" if body is not None else "GET")
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    finally:
        connection.close()
    head = f"HTTP/1.1 {answer.status} {answer.reason}\n" + "".join(f"{k}: {v}\n" for k, v in answer.getheaders())
    return f"{head}\n{text}" if given.include or given.head else text


def parsed(words: list[str]) -> argparse.Namespace:
    """The options, as curl names them."""
    parser = argparse.ArgumentParser("curl", exit_on_error=False, add_help=False)
    parser.add_argument("-X", "--request", dest="method")
    parser.add_argument("-H", "--header", dest="headers", action="append", default=[])
    parser.add_argument("-d", "--data", "--json", dest="data")
    parser.add_argument("-F", "--form", dest="form", action="append")
    parser.add_argument("-b", "--cookie")
    parser.add_argument("-u", "--user")
    parser.add_argument("-i", "--include", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-N", "--no-buffer", action="store_true")
    parser.add_argument("-k", "--insecure", action="store_true")
    parser.add_argument("url")
    given = parser.parse_args(words)
    given.json = "--json" in words
    return given


def body_of(given: argparse.Namespace) -> tuple[bytes | None, dict[str, str]]:
    """The body of a request and what it says of itself."""
    if given.form:
        parts = b"".join(map(part, given.form)) + f"--{BOUNDARY}--\r\n".encode()
        return parts, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    if given.data is None:
        return None, {}
    data = Path(given.data[1:]).read_bytes() if given.data.startswith("@") else given.data.encode()
    return data, {"content-type": "application/json" if given.json else "application/x-www-form-urlencoded"}


def part(field: str) -> bytes:
    """One part of a form: ``name=value`` or ``name=@file``."""
    name, _, value = field.partition("=")
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"'
    if not value.startswith("@"):
        return f"{head}\r\n\r\n{value}\r\n".encode()
    path, _, kind = value[1:].partition(";type=")
    file = Path(path)
    said = f'{head}; filename="{file.name}"\r\ncontent-type: {kind or "application/octet-stream"}\r\n\r\n'
    return said.encode() + file.read_bytes() + b"\r\n"


def split_header(line: str) -> tuple[str, str]:
    """The name and the value of a header line."""
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def connect(host: str, port: int | None, secure: bool) -> http.client.HTTPConnection:
    """A connection that trusts whatever certificate there is, as ``-k``."""
    if not secure:
        return http.client.HTTPConnection(host, port, timeout=30)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=30, context=context)

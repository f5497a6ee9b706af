"""The limit of what Python can do here: a protocol by hand on httptools and uvloop, and the code of ``by_hand``.

It is no server: no limits, no time-outs, no back-pressure, no tasks. The port is the only argument.
"""

import asyncio
import sys
from urllib.parse import unquote_plus

import httptools
import msgspec
import uvloop
from parts import Clock, Config, Graph, Item, Order, Repository, RequestInfo, Service, Total, total_of

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode
CONFIG, CLOCK = Config(), Clock()
WORDS = {200: b"OK", 404: b"Not Found", 422: b"Unprocessable Content"}


def item(path, query):
    found = {}
    for pair in (query or b"").decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    try:
        return 200, Item(int(path[7:]), found["q"], int(found.get("limit", 10)))
    except (KeyError, ValueError):
        return 422, {"error": "a parameter is wrong"}


def order(body):
    try:
        found = decode_order(body)
    except msgspec.DecodeError as error:
        return 422, {"error": str(error)}
    return 200, Total(found.id, total_of(found), len(found.lines))


async def answer(method, path, query, body):
    if method == b"GET" and path == "/hello":
        return 200, {"hello": "world"}
    if method == b"GET" and path == "/di":
        return 200, Graph(Service(Repository(CONFIG), CLOCK), RequestInfo(path)).handle()
    if method == b"GET" and path.startswith("/items/"):
        return item(path, query)
    if path == "/orders":
        return order(body)
    return 404, {"error": "not found"}


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_begin(self):
        self.headers, self.body, self.target = [], b"", b""

    def on_url(self, url):
        self.target += url

    def on_header(self, name, value):
        self.headers.append((name.lower(), value))

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        run = self.reply()
        try:
            run.send(None)  # nothing here waits: no task is needed
        except StopIteration:
            if not self.parser.should_keep_alive():
                self.transport.close()

    async def reply(self):
        url = httptools.parse_url(self.target)
        status, value = await answer(self.parser.get_method(), url.path.decode(), url.query, self.body)
        body = encode(value)
        head = b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        self.transport.write(head % (status, WORDS[status], len(body), body))


async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", int(sys.argv[1]), backlog=2048)
    await server.serve_forever()


uvloop.run(main())

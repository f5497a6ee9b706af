"""The least that ASGI can do: what any framework on the same server is measured against.

It sends the lines that Mainspring sends by default, the id of the request among them.
"""

from os import urandom
from urllib.parse import unquote_plus

import msgspec
from parts import Clock, Config, Graph, Order, Repository, RequestInfo, Service, total_of

encode = msgspec.json.encode
decode_order = msgspec.json.Decoder(Order).decode
CONFIG, CLOCK = Config(), Clock()
JSON = (b"content-type", b"application/json")


async def reply(send, status, value):
    body = encode(value)
    head = [JSON, (b"content-length", b"%d" % len(body)), (b"x-request-id", urandom(16).hex().encode())]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def query(raw):
    found = {}
    for pair in raw.decode("latin-1").split("&") if raw else ():
        name, _, value = pair.partition("=")
        found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return found


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def app(scope, receive, send):
    if scope["type"] != "http":
        return await lifespan(receive, send)
    path, method = scope["path"], scope["method"]
    if method == "GET":
        if path == "/hello":
            return await reply(send, 200, {"hello": "world"})
        if path in ("/di", "/given"):
            graph = Graph(Service(Repository(CONFIG), CLOCK), RequestInfo(path))
            return await reply(send, 200, graph.handle())
        if path.startswith("/items/"):
            given = query(scope["query_string"])
            try:
                item = {"id": int(path[7:]), "q": given["q"], "limit": int(given.get("limit", 10))}
            except (KeyError, ValueError):
                return await reply(send, 422, {"error": "bad parameter"})
            return await reply(send, 200, item)
    elif method == "POST" and path == "/orders":
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        try:
            order = decode_order(body)
        except msgspec.DecodeError as error:
            return await reply(send, 422, {"error": str(error)})
        return await reply(send, 200, {"id": order.id, "total": total_of(order), "count": len(order.lines)})
    return await reply(send, 404, {"error": "not found"})

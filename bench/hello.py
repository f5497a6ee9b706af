"""What `bench/throughput.py` compares: the least that ASGI can do, and Mainspring with a controller."""

from mainspring import RestApplication, rest

BODY = b'{"message":"Hello, world"}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))],
}


async def by_hand(scope, receive, send):
    """Answer ``GET /hello`` and nothing else."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    assert scope["path"] == "/hello"
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


class HelloController:
    """The same answer, made by a controller."""

    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        """A greeting."""
        return {"message": "Hello, world"}


mainspring = RestApplication()
mainspring.controller(HelloController)

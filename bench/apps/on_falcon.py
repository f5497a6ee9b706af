"""Falcon has no container: construction by hand. JSON by msgspec, as its documentation shows."""

import falcon
import falcon.asgi
import msgspec
from parts import Clock, Config, Graph, Order, Repository, RequestInfo, Service, total_of

decode_order = msgspec.json.Decoder(Order).decode


class Hello:
    async def on_get(self, _, response):
        response.media = {"hello": "world"}


class Items:
    async def on_get(self, request, response, id):
        limit = request.get_param_as_int("limit", default=10)
        response.media = {"id": id, "q": request.get_param("q", required=True), "limit": limit}


class Orders:
    async def on_post(self, request, response):
        try:
            order = decode_order(await request.stream.read())
        except msgspec.DecodeError as error:
            raise falcon.HTTPUnprocessableEntity(description=str(error)) from error
        response.media = {"id": order.id, "total": total_of(order), "count": len(order.lines)}


class Injected:
    def __init__(self, config, clock):
        self.config, self.clock = config, clock

    async def on_get(self, request, response):
        response.media = Graph(Service(Repository(self.config), self.clock), RequestInfo(request.path)).handle()


app = falcon.asgi.App()
json = falcon.media.JSONHandler(dumps=msgspec.json.encode, loads=msgspec.json.decode)
app.req_options.media_handlers[falcon.MEDIA_JSON] = json
app.resp_options.media_handlers[falcon.MEDIA_JSON] = json
app.add_route("/hello", Hello())
app.add_route("/items/{id:int}", Items())
app.add_route("/orders", Orders())
app.add_route("/di", Injected(Config(), Clock()))

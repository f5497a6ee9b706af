"""The hello application of Starlette alone, for cold start and memory."""

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def hello(_):
    return JSONResponse({"hello": "world"})


app = Starlette(routes=[Route("/hello", hello)])

"""The hello application of Mainspring alone, for cold start and memory."""

from mainspring import RestApplication, rest


class HelloController:
    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        return {"hello": "world"}


app = RestApplication()
app.controller(HelloController)

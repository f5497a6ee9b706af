"""``/greet/{name}`` and ``/languages``."""

from mainspring import HttpErrors, rest

from ..component import GreetingService, UnknownLanguageError

__all__ = ["GreetingController"]


class GreetingController:
    """Hands on to the extension point; knows no greeter either."""

    def __init__(self, greetings: GreetingService) -> None:
        self.greetings = greetings

    @rest.get("/greet/{name}")
    @rest.response(404)
    async def greet(self, name: str, language: str | None = None) -> str:
        """Greet somebody, in a language or in the one that is configured."""
        try:
            return await self.greetings.greet(name, language)
        except UnknownLanguageError as error:
            raise HttpErrors.NotFound(str(error)) from error

    @rest.get("/languages")
    async def languages(self) -> list[str]:
        """The languages that somebody here speaks."""
        return list(await self.greetings.by_language())

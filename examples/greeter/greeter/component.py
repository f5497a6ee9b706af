"""The component: what a greeter is, the point that greeters extend, and the one that comes with it.

It knows no other greeter. Whoever binds one, before the component or after it, in code, by boot, or while the
application runs, extends it.
"""

from typing import Annotated, ClassVar, Protocol

from mainspring import BindingScope, config, injectable
from mainspring.core import ContextView, extension_for, extension_point, extensions

__all__ = ["EnglishGreeter", "Greeter", "GreeterComponent", "GreetingService", "UnknownLanguageError", "greets"]

GREETERS = "greeters"

#: Makes a class an extension: ``@injectable(greets)``.
greets = extension_for(GREETERS)


class Greeter(Protocol):
    """What an extension has to be.

    Attributes:
        language: The code of its language (ISO 639-1).
    """

    language: str

    def greet(self, name: str) -> str:
        """Words for somebody."""
        ...


class UnknownLanguageError(LookupError):
    """Nobody greets in a language."""

    def __init__(self, language: str, known: list[str]) -> None:
        super().__init__(language, known)
        self.language, self.known = language, known

    def __str__(self) -> str:
        return f"Nobody here greets in {self.language!r}: there is {', '.join(self.known)}."


@extension_point(GREETERS, scope=BindingScope.SINGLETON)
class GreetingService:
    """The extension point: greets by whichever greeter speaks a language.

    Args:
        greeters: The extensions as they are when somebody looks: one bound later is there at the next call.
        language: Configuration: the language of those who ask for none.
    """

    def __init__(
        self,
        greeters: Annotated[ContextView[Greeter], extensions.view()],
        language: Annotated[str, config("language")] = "en",
    ) -> None:
        self.greeters, self.language = greeters, language

    async def greet(self, name: str, language: str | None = None) -> str:
        """Words for somebody.

        Raises:
            UnknownLanguageError: Nobody speaks the language.
        """
        wanted, known = language or self.language, await self.by_language()
        if wanted not in known:
            raise UnknownLanguageError(wanted, list(known))
        return known[wanted].greet(name)

    async def by_language(self) -> dict[str, Greeter]:
        """The greeters; of several of one language, the one that was bound last."""
        return {greeter.language: greeter for greeter in await self.greeters.values()}


@injectable(greets)
class EnglishGreeter:
    """Hello."""

    language = "en"

    def greet(self, name: str) -> str:
        """Words for somebody."""
        return f"Hello, {name}!"


class GreeterComponent:
    """What ``app.component(GreeterComponent)`` adds to an application."""

    services: ClassVar[list[type]] = [GreetingService, EnglishGreeter]

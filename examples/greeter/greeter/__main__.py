"""``python -m greeter Ada --language cs``: the same greeters on the command line, without a server."""

import argparse
import asyncio

from .application import GreeterApplication
from .component import GreetingService, UnknownLanguageError


async def greeting(name: str, language: str | None) -> str:
    """What the application says; nothing of it is started."""
    app = GreeterApplication()
    await app.boot()
    try:
        service = await app.get(GreetingService)
        return await service.greet(name, language)
    finally:
        await app.close()


def main(arguments: list[str] | None = None) -> None:
    """Print a greeting, or what is wrong with the arguments."""
    parser = argparse.ArgumentParser(prog="greeter")
    parser.add_argument("name")
    parser.add_argument("--language", help="a code such as cs")
    chosen = parser.parse_args(arguments)
    try:
        print(asyncio.run(greeting(chosen.name, chosen.language)))
    except UnknownLanguageError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

"""What can go wrong around a server loader. Errors hold data; their words are made in ``__str__``."""

from collections.abc import Sequence

from mainspring.errors import MainspringError

__all__ = [
    "LoaderSettingError",
    "MountError",
    "PlaceholderError",
    "SettingTypeError",
    "StartTimeoutError",
]


class LoaderSettingError(MainspringError, ValueError):
    """A setting has a value that cannot be.

    Remedy:
        Give the setting one of the values that the message lists.

    Attributes:
        key: The setting.
        value: What it has.
        reason: What it should be.
    """

    def __init__(self, key: str, value: object, reason: str) -> None:
        super().__init__(key, value, reason)
        self.key = key
        self.value = value
        self.reason = reason

    def __str__(self) -> str:
        return f"The setting {self.key!r} is {self.value!r}: {self.reason}."


class SettingTypeError(MainspringError, TypeError):
    """A setting is of a wrong type, or has a name of another framework.

    Remedy:
        Use the name and type that the message says; old spellings stand in the porting page.

    Attributes:
        key: The setting.
        reason: What is wrong, with the way out.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"The setting {self.key!r} {self.reason}."


class PlaceholderError(MainspringError, ValueError):
    """A placeholder in a setting leads nowhere, or back to itself.

    Remedy:
        Name a setting that exists: ``${root_dir}``; two settings must not stand in each other.

    Attributes:
        setting: Where it stands.
        placeholder: What stands between the braces.
        cycle: The placeholders on the way back, if it does.
    """

    def __init__(self, setting: str, placeholder: str, cycle: Sequence[str] = ()) -> None:
        super().__init__(setting, placeholder, tuple(cycle))
        self.setting = setting
        self.placeholder = placeholder
        self.cycle = tuple(cycle)

    def __str__(self) -> str:
        shown = f"${{{self.placeholder}}}"
        if self.cycle:
            way = " -> ".join(self.cycle)
            return f"The placeholder {shown} in the setting {self.setting!r} leads back to itself: {way}."
        return (
            f"The placeholder {shown} in the setting {self.setting!r} has no value: it is neither a setting nor an "
            f"environment variable. Set one of them, or write $${{{self.placeholder}}} for the text itself."
        )


class MountError(MainspringError, ValueError):
    """What is mounted at an endpoint cannot be mounted, or is not there.

    Remedy:
        Correct the path or pattern of ``mount``; it is relative to ``root_dir``, and must lead to controllers.

    Attributes:
        endpoint: The endpoint.
        what: What was to be mounted.
        reason: What is wrong, with the way out.
    """

    def __init__(self, endpoint: str, what: str, reason: str) -> None:
        super().__init__(endpoint, what, reason)
        self.endpoint = endpoint
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.what} {self.reason}."


class StartTimeoutError(MainspringError, TimeoutError):
    """A part of the start did not end in time.

    Remedy:
        Look at what ``parts`` wait for, or give the setting ``start_timeout`` more seconds.

    Attributes:
        parts: The hooks or providers that had not ended.
        seconds: How long they were waited for.
    """

    def __init__(self, parts: Sequence[str], seconds: float) -> None:
        super().__init__(tuple(parts), seconds)
        self.parts = tuple(parts)
        self.seconds = seconds

    def __str__(self) -> str:
        return (
            f"The start waited {self.seconds:g} seconds for {', '.join(self.parts)}, in vain. If that is not long "
            "enough, give the setting 'start_timeout' more seconds, or None for no limit."
        )

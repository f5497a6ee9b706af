"""Chains of middleware: which links, in which order, worked out once; and the run of one for a request.

Two sorts of links: steps of the framework, which run before what follows and wrap nothing, and middleware, which
wraps it. So a chain costs one call per middleware, however many groups there are.
"""

import inspect
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any

from mainspring.context import Binding, BindingType
from mainspring.rest.groups import INNERMOST, sort_groups
from mainspring.rest.keys import RestTags
from mainspring.rest.middleware import as_list

__all__ = ["CONTINUE", "Chain", "Following", "Link", "build_chain"]


class _Continue:
    """What a step gives when what follows is to run."""

    def __repr__(self) -> str:
        return "CONTINUE"


CONTINUE: Any = _Continue()

Step = Callable[[Any], Any]


class Link:
    """One link: a step, or a middleware (a function, or a binding that gives one for a request)."""

    __slots__ = ("binding", "function", "group", "name", "paths", "step", "verbs")

    def __init__(
        self,
        group: str,
        name: str,
        *,
        step: Step | None = None,
        function: Callable[..., Any] | None = None,
        binding: Binding[Any] | None = None,
    ) -> None:
        self.group = group
        self.name = name
        self.step = step
        self.function = function
        self.binding = binding
        tags: Mapping[str, Any] = binding.tag_map if binding is not None else {}
        self.paths = tuple("/" + path.strip("/") for path in as_list(tags.get("path")))
        self.verbs = frozenset(verb.upper() for verb in as_list(tags.get("verbs")))

    def concerns(self, context: Any) -> bool:
        """Whether the middleware is meant for this request."""
        if self.verbs and context.request.method not in self.verbs:
            return False
        if not self.paths:
            return True
        path = context.request.path
        return any(prefix in ("/", path) or path.startswith(f"{prefix}/") for prefix in self.paths)

    @staticmethod
    def of(binding: Binding[Any]) -> "Link":
        """The link of a middleware binding; a bound function needs no resolving."""
        source = binding.source
        constant = source is not None and source.type is BindingType.CONSTANT
        function = source.value if constant and source is not None and callable(source.value) else None
        group = str(binding.tag_map.get(RestTags.GROUP))
        return Link(group, binding.key, function=function, binding=binding)


class Rest:
    """What ``next()`` gives: the rest of a chain, run when it is awaited."""

    __slots__ = ("_next",)

    def __init__(self, next: "Following") -> None:
        self._next = next

    def __await__(self) -> Generator[Any, Any, Any]:
        self._next.awaited += 1
        return self._next.run().__await__()


class Following:
    """The ``next`` a middleware gets. Called again, it runs the rest of the chain again.

    Attributes:
        called: How often it was called.
        awaited: How often what it gave was awaited.
    """

    __slots__ = ("awaited", "called")

    def __init__(self) -> None:
        self.called = 0
        self.awaited = 0

    def __call__(self) -> Rest:
        """The rest, to be awaited."""
        self.called += 1
        return Rest(self)

    async def run(self) -> Any:
        """Run the rest of the chain."""
        raise NotImplementedError

    def check(self, name: str) -> None:
        """Warn of a middleware that did not await what it was given."""
        if self.called > self.awaited:
            warnings.warn(
                f"Middleware {name} called next() without awaiting it: the rest of the chain did not run.",
                RuntimeWarning,
                stacklevel=3,
            )


class _Next(Following):
    """The rest of a `Chain`."""

    __slots__ = ("_chain", "_context", "_final", "_position")

    def __init__(self, chain: "Chain", context: Any, position: int, final: Callable[[], Any] | None) -> None:
        super().__init__()
        self._chain = chain
        self._context = context
        self._position = position
        self._final = final

    async def run(self) -> Any:
        """Run the links that follow."""
        return await self._chain.run_from(self._context, self._position, self._final)


class Chain:
    """Links in order.

    Attributes:
        links: The links.
        has_user_middleware: Whether there is more than the framework's own links.
    """

    __slots__ = ("has_user_middleware", "links")

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = tuple(links)
        self.has_user_middleware = any(link.binding is not None for link in self.links)

    async def run(self, context: Any, final: Callable[[], Any] | None = None) -> Any:
        """Run it for a request; ``final`` is what comes after the last link."""
        return await self.run_from(context, 0, final)

    async def run_from(self, context: Any, position: int, final: Callable[[], Any] | None) -> Any:
        """Run the links from a position on."""
        links = self.links
        while position < len(links):
            link = links[position]
            position += 1
            if link.step is not None:
                answer = link.step(context)
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer is not CONTINUE:
                    return answer
            elif link.concerns(context):
                return await self._call(link, context, position, final)
        if final is None:
            return None
        result = final()
        return await result if inspect.isawaitable(result) else result

    async def _call(self, link: Link, context: Any, position: int, final: Callable[[], Any] | None) -> Any:
        function = link.function
        if function is None:
            assert link.binding is not None
            function = await context.resolve_binding(link.binding)
        following = _Next(self, context, position, final)
        result = function(context, following)
        if inspect.isawaitable(result):
            result = await result
        following.check(link.name)
        return result


def build_chain(
    bindings: Sequence[Binding[Any]],
    *,
    ordered_groups: Sequence[str],
    steps: Mapping[str, Sequence[Link]],
    relations: Iterable[Sequence[str]] = (),
) -> Chain:
    """The chain of these middleware bindings (in order of registration) and steps of the framework, by group.

    Raises:
        MiddlewareOrderError: The relations of the groups cannot be satisfied.
    """
    lists: list[Sequence[str]] = [ordered_groups, *relations, *([group] for group in steps)]
    links: dict[str, list[Link]] = {group: list(own) for group, own in steps.items()}
    for binding in bindings:
        link = Link.of(binding)
        tags = binding.tag_map
        lists += [[before, link.group] for before in as_list(tags.get(RestTags.UPSTREAM_GROUPS))] or [[link.group]]
        lists += [[link.group, after] for after in as_list(tags.get(RestTags.DOWNSTREAM_GROUPS))]
        # Middleware of a group stands before the framework's own step of it: the step ends or only prepares.
        own = links.setdefault(link.group, [])
        own.insert(len(own) - sum(each.step is not None for each in own), link)
    order = sort_groups(lists, innermost=INNERMOST)
    return Chain(link for group in order for link in links.get(group, ()))

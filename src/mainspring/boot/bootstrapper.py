"""The bootstrapper: finds the booters that are bound and runs their phases in order, each phase for all of them.

A boot is atomic: when it fails or is cancelled, the bindings of the application are as they were before the call.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from mainspring.boot.admission import Admission
from mainspring.boot.catalogue import DEFAULT_BOOTERS, LateBooter
from mainspring.boot.declaring import create_booter_binding
from mainspring.boot.errors import BootError
from mainspring.boot.keys import ARTIFACT_NAMESPACE, BOOTER_PHASES, BootBindings, BootTags
from mainspring.boot.options import BootExecOptions, merge_boot_options
from mainspring.context import Binding, BindingKey, BindingScope, BindingType, Context, inject, injectable
from mainspring.core import CoreBindings
from mainspring.core.snapshots import BindingsSnapshot

__all__ = ["Bootstrapper"]

#: Instances of booters that a boot context keeps although their scope would not.
_INSTANCES: BindingKey[dict[int, tuple[Binding[Any], Any]]] = BindingKey("boot.instances")

_NAMESPACES = {
    f"{BootBindings.BOOTERS}.{each.name}": each.artifact_namespace
    for each in DEFAULT_BOOTERS
    if isinstance(each, LateBooter)
}
_DEFAULT_KEYS = {
    f"{BootBindings.BOOTERS}.{each.name if isinstance(each, LateBooter) else each.__name__}" for each in DEFAULT_BOOTERS
}


@injectable(scope=BindingScope.SINGLETON)
class Bootstrapper:
    """Runs the booters of an application.

    Args:
        app: The application.
        project_root: The folder that artifact paths are relative to.
        boot_options: Options by artifact namespace.
    """

    def __init__(
        self,
        app: Annotated[Any, inject(CoreBindings.APPLICATION_INSTANCE)],
        project_root: Annotated[str | os.PathLike[str], inject(BootBindings.PROJECT_ROOT)],
        boot_options: Annotated[Any, inject(BootBindings.BOOT_OPTIONS, optional=True)] = None,
    ) -> None:
        self.app = app
        # What is injected is bound already, to attributes that may change: only what differs is bound here, lest they
        # be forgotten. A default is made at each reading, so that it is equal and not the same.
        root = Path(os.path.abspath(project_root))
        bound = app.get_sync(BootBindings.PROJECT_ROOT, optional=True)
        if bound is not project_root and bound != root:
            app.bind(BootBindings.PROJECT_ROOT).to(root)
        if boot_options is not None and app.get_sync(BootBindings.BOOT_OPTIONS, optional=True) != boot_options:
            app.bind(BootBindings.BOOT_OPTIONS).to(boot_options)

    async def boot(self, options: Any = None, ctx: Context | None = None) -> Context:
        """Run the phases of the booters that are bound; the state of the application does not change.

        Args:
            options: ``BootExecOptions`` or a mapping of the same shape.
            ctx: A context returned by an earlier call, to go on with its booters; a new one without it.

        Returns:
            The boot context, whose parent is the application.

        Raises:
            BootError: The project root, an option or a file is not right. Whatever is raised, the bindings of the
                application are as they were.
        """
        wanted = BootExecOptions.of(options)
        before = BindingsSnapshot(self.app)
        try:
            return await self._boot(wanted, ctx if ctx is not None else Context(self.app, f"boot of {self.app.name}"))
        except BaseException:
            before.restore()
            raise

    async def _boot(self, wanted: BootExecOptions, ctx: Context) -> Context:
        for cls in wanted.booters:
            self.app.add(create_booter_binding(cls))
        await self._prepare(ctx)
        chosen = self._chosen(ctx, wanted.filter.booters)
        booters = [await self._instance(ctx, each) for each in chosen if await _is_needed(ctx, each)]
        phases = BOOTER_PHASES if wanted.filter.phases is None else wanted.filter.phases
        with self.app.admitting(Admission(self.app, booters)):
            for phase in phases:
                for booter in booters:
                    await _run(booter, phase)
        return ctx

    async def _prepare(self, ctx: Context) -> None:
        """Bind into the boot context what booters ask for: the absolute root and the options of this boot."""
        root = checked_root(await self.app.get(BootBindings.PROJECT_ROOT))
        if not ctx.contains(BootBindings.PROJECT_ROOT):
            ctx.bind(BootBindings.PROJECT_ROOT).to(root)
        options = merge_boot_options(None, await ctx.get(BootBindings.BOOT_OPTIONS, optional=True))
        for binding in self._bound(ctx):
            namespace = binding.tag_map.get(ARTIFACT_NAMESPACE) or _NAMESPACES.get(binding.key)
            key = BindingKey.build_key_for_config(binding.key)
            if namespace in options and not ctx.is_bound(key):
                ctx.bind(key).to(options[namespace])

    # Which booters

    def _bound(self, ctx: Context) -> list[Binding[Any]]:
        """The bindings of booters, by their tag; one that was put in place of a default booter needs none."""
        return ctx.find(lambda binding: BootTags.BOOTER in binding.tag_map or binding.key in _DEFAULT_KEYS)

    def _chosen(self, ctx: Context, names: Sequence[str] | None) -> list[Binding[Any]]:
        bound = [(name_of(binding), binding) for binding in self._bound(ctx)]
        if names is not None:
            known = [name for name, _ in bound]
            unknown = [name for name in names if name not in known]
            if unknown:
                raise BootError(
                    f"No booter is called {', '.join(map(repr, unknown))}. Those bound are {', '.join(sorted(known))}."
                )
            bound = [(name, binding) for name, binding in bound if name in names]
        return [binding for _, binding in bound]

    async def _instance(self, ctx: Context, binding: Binding[Any]) -> Any:
        """The instance of this boot context: also of a transient binding the same one in each of its calls."""
        if binding.scope is not BindingScope.TRANSIENT:
            return await binding.get_value(ctx)
        if not ctx.contains(_INSTANCES):
            ctx.bind(_INSTANCES).to({})
        instances = ctx.get_sync(_INSTANCES)
        if id(binding) not in instances:
            instances[id(binding)] = (binding, await binding.get_value(ctx))
        return instances[id(binding)][1]


def checked_root(folder: str | os.PathLike[str]) -> Path:
    """The project root, absolute.

    Raises:
        BootError: It is no folder.
    """
    root = Path(os.path.abspath(folder))
    if not root.is_dir() and not _is_inside_archive(root):
        raise BootError("The project root is no folder: set project_root to the folder of the artifacts.", root)
    return root


def name_of(binding: Binding[Any]) -> str:
    """The name of a booter: of its class, as far as the binding knows it without making one."""
    late = _late(binding)
    if late is not None:
        return late.name
    made = binding.value_type
    return made.__name__ if isinstance(made, type) else binding.key.rpartition(".")[2]


def _late(binding: Binding[Any]) -> LateBooter | None:
    source = binding.source
    if source is None or source.type is not BindingType.DYNAMIC_VALUE:
        return None
    owner = getattr(source.value, "__self__", None)
    return owner if isinstance(owner, LateBooter) else None


async def _is_needed(ctx: Context, binding: Binding[Any]) -> bool:
    """Whether a booter of another room has something to do, and the room is part of this installation."""
    late = _late(binding)
    if late is None:
        return True
    options = await ctx.get_config(binding.key)
    return await late.has_files(await ctx.get(BootBindings.PROJECT_ROOT), options) and late.is_installed


def _is_inside_archive(root: Path) -> bool:
    """Whether the folder is in a file (a zip archive), or known to an importer only (in a frozen executable)."""
    above = next((parent for parent in root.parents if parent.exists()), None)
    if above is not None and above.is_file():
        return True
    return any(str(root).startswith(str(entry)) for entry in _virtual_folders())


def _virtual_folders() -> list[str]:
    found: list[str] = []
    for module in list(sys.modules.values()):
        paths = getattr(module, "__path__", None)
        found.extend(each for each in list(paths or ()) if isinstance(each, str) and not os.path.exists(each))
    return found


async def _run(booter: Any, phase: str) -> None:
    method = getattr(booter, phase, None)
    if not callable(method):
        return
    try:
        result: Any = method()
        if hasattr(type(result), "__await__"):
            await result
    except Exception as error:
        error.add_note(f"in phase {phase!r} of the booter {type(booter).__name__}")
        raise

"""The document of one server: from its routes, specs, mounts and enhancers, kept until something changes."""

import copy
from collections.abc import Mapping
from typing import Any

from mainspring.context import Binding, BindingType
from mainspring.rest.context import request_context_of
from mainspring.rest.document_endpoints import DocumentEndpoint, check_endpoint, default_endpoints, metadata_info
from mainspring.rest.exchange import Exchange
from mainspring.rest.keys import RestBindings, RestTags
from mainspring.rest.mounts import Mount
from mainspring.rest.routes import AnyRoute

__all__ = ["ServerDocument"]


class ServerDocument:
    """Assembles the document of a server and keeps it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._plan: Any = None
        self._documents: dict[str | None, dict[str, Any]] = {}
        self._texts: dict[Any, bytes] = {}

    async def get(self) -> dict[str, Any]:
        """The document; a copy. Of versions that share paths it has the default one."""
        return copy.deepcopy(await self._current())

    async def _current(self, version: str | None = None) -> dict[str, Any]:
        """The document of a version as it is now, as long as the server's plan holds."""
        from mainspring.rest import documents  # noqa: PLC0415 - a server is ready without its document

        plan = self._server.planning.plan()
        version = version or plan.version
        if self._plan is not plan:
            self._forget(plan)
        if version not in self._documents:
            document = self._assembled(plan, version)
            enhancers = [
                await self._server.resolve_binding(binding) for binding in self._bindings(RestTags.SPEC_ENHANCER)
            ]
            document = await documents.enhanced(document, enhancers)
            finished = documents.finished(document, consolidate=plan.openapi.get("consolidate", True) is not False)
            if self._plan is not self._server.planning.plan():
                self._forget(self._server.planning.plan())
            self._documents[version] = finished
        return self._documents[version]

    def _forget(self, plan: Any) -> None:
        self._plan = plan
        self._documents.clear()
        self._texts.clear()

    def _assembled(self, plan: Any, version: str | None) -> dict[str, Any]:
        from mainspring.rest import documents  # noqa: PLC0415 - a server is ready without its document

        operations = []
        for route in self._server.registry.routes():
            parts = plan.parts_of(route) if route.version in (None, version) else None
            if parts is not None:
                operations.append(documents.documented(route, parts.description))
        mounts = [
            (mount.path, mount.spec)
            for mount in self._constants(RestTags.MOUNT)
            if isinstance(mount, Mount) and mount.spec is not None
        ]
        servers = plan.openapi.get("servers") or [{"url": plan.base_path or "/"}]
        info = metadata_info(self._server)
        return documents.assemble(operations, self.specs(), mounts, info, servers, error_format_of(plan))

    def specs(self) -> list[Mapping[str, Any]]:
        """The documents registered as a whole."""
        spec = self._server.get_sync(RestBindings.API_SPEC, optional=True)
        return [] if spec is None else [spec]

    def components(self) -> Mapping[str, Any]:
        """The components that schemas and parameters of operations may refer to."""
        found: dict[str, Any] = {}
        for spec in self.specs():
            for kind, members in (spec.get("components") or {}).items():
                found.setdefault(kind, {}).update(members)
        return found

    def _bindings(self, tag: str) -> list[Binding[Any]]:
        return self._server.find_by_tag(tag)  # type: ignore[no-any-return]  # the server is a context

    def _constants(self, tag: str) -> list[Any]:
        return [
            binding.source.value
            for binding in self._bindings(tag)
            if binding.source is not None and binding.source.type is BindingType.CONSTANT
        ]

    # One operation

    def operation_object(self, route: AnyRoute, plan: Any) -> dict[str, Any]:
        """The operation object of a route."""
        from mainspring.openapi.components import Components  # noqa: PLC0415 - a server is ready without its document
        from mainspring.openapi.derived import derive_operation  # noqa: PLC0415 - a server is ready without its document
        from mainspring.openapi.schemas import SchemaBuilder  # noqa: PLC0415 - a server is ready without its document
        from mainspring.rest import documents  # noqa: PLC0415 - a server is ready without its document

        parts = plan.parts_of(route)
        if parts is None:
            return dict(route.spec)
        components = Components()
        operation = documents.documented(route, parts.description)
        derived, _ = components.finish(derive_operation(operation, SchemaBuilder(components), error_format_of(plan)))
        return derived  # type: ignore[no-any-return]  # a mapping, as it was

    # Endpoints

    def endpoints(self, options: Mapping[str, Any]) -> list[DocumentEndpoint]:
        """The endpoints of the setting, and those that were added."""
        return [*default_endpoints(options), *self._constants("openapi_endpoint")]

    def check_endpoint(self, path: str) -> None:
        """Refuse a second endpoint at a path."""
        check_endpoint(self.endpoints(self._server.planning.plan().openapi), path)

    async def text(self, exchange: Exchange, endpoint: DocumentEndpoint) -> bytes:
        """The document as an endpoint serves it to a request."""
        from mainspring.rest import documents  # noqa: PLC0415 - a server is ready without its document

        version = exchange.plan.version
        document = await self._current(version)
        servers = self._servers_for(exchange, document)
        key = (version, endpoint.version, endpoint.format, servers)
        found = self._texts.get(key)
        if found is None:
            if servers is not None:
                document = {**document, "servers": [{"url": servers}]}
            found = documents.as_text(document, endpoint)
            if len(self._texts) < _KEPT_TEXTS:  # prefixes come from outside: they must not fill the memory
                self._texts[key] = found
        return found

    def _servers_for(self, exchange: Exchange, document: Mapping[str, Any]) -> str | None:
        """The URL of the server for this request, where it is another one than the document's."""
        plan = exchange.plan
        if plan.openapi.get("servers") or any("servers" in spec for spec in self.specs()):
            return None
        context = request_context_of(exchange)
        if plan.openapi.get("set_servers_from_request"):
            return context.requested_base_url
        base = context.base_path or "/"
        return None if document.get("servers") == [{"url": base}] else base

    async def export(self, target: str) -> None:
        """Write it to a file or to standard output."""
        from mainspring.rest import documents  # noqa: PLC0415 - a server is ready without its document

        documents.export_document(await self._current(), target)

    def title(self) -> str:
        """The title of the application."""
        info = metadata_info(self._server)
        for spec in self.specs():
            info = {**info, **(spec.get("info") or {})}
        return str(info.get("title") or "Mainspring Application")


def error_format_of(plan: Any) -> Any:
    """How errors are worded, ``None`` where the document shall not say which there are."""
    if plan.openapi.get("errors", True) is False:
        return None
    return "loopback" if plan.error_format == "loopback" else "problem"


_KEPT_TEXTS = 16

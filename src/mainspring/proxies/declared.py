"""Operations that the REST decorators declare on an interface: ``@get("/people/{id}")`` says all there is to say."""

from typing import Any

from mainspring.openapi import OperationDeclaration, controller_operations, describe_handler
from mainspring.openapi.descriptions import BodyDescription, ParameterDescription
from mainspring.proxies.wire import WireBody, WireOperation, WireParameter

__all__ = ["declared_operations"]


def declared_operations(interface: type[Any]) -> dict[str, WireOperation]:
    """The operations of an interface by method; of several on one method the first.

    Raises:
        DeclarationError: A declaration cannot work.
    """
    found: dict[str, WireOperation] = {}
    for declaration in controller_operations(interface):
        if declaration.method_name not in found and declaration.handler is not None:
            found[declaration.method_name] = _operation(interface, declaration)
    return found


def _operation(interface: type[Any], declaration: OperationDeclaration) -> WireOperation:
    path = declaration.strict_path
    handler = describe_handler(
        declaration.handler, verb=declaration.verb, path=path, spec=declaration.spec, owner=interface
    )
    places = [_place(each) for each in handler.parameters if each.source not in ("inject", "body")]
    body = None if handler.body is None else _body(handler.body)
    injected = [each.name for each in handler.parameters if each.source == "inject"]
    return WireOperation(declaration.method_name, declaration.verb, handler.template, places, body, injected)


def _place(parameter: ParameterDescription) -> WireParameter:
    return WireParameter(
        name=parameter.name,
        wire_name=parameter.wire_name,
        location=parameter.source,
        required=parameter.source == "path" or (parameter.required and parameter.default_factory is None),
        style=parameter.style,
        explode=parameter.explode,
        as_json=parameter.role is not None or "content" in parameter.extras,
    )


def _body(body: BodyDescription) -> WireBody | None:
    if body.parameter is None:
        return None
    media = next(iter(body.media), "application/json")
    return WireBody(body.parameter.name, media, required=body.required)

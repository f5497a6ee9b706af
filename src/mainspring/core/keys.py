"""Keys, namespaces and tags that programs, tests and other rooms share. The values are part of the behaviour."""

from typing import Any

from mainspring.context import BindingKey

__all__ = ["CoreBindings", "CoreTags"]


class CoreBindings:
    """Typed keys and namespaces of an application."""

    #: The application itself; also found by its class.
    APPLICATION_INSTANCE: BindingKey[Any] = BindingKey("application.instance")
    #: The very object given to the constructor.
    APPLICATION_CONFIG: BindingKey[Any] = BindingKey("application.config")
    #: What ``set_metadata`` was given (name, version, description).
    APPLICATION_METADATA: BindingKey[Any] = BindingKey("application.metadata")
    #: The `Clock`: what tells the time; also found by its class.
    CLOCK: BindingKey[Any] = BindingKey("application.clock")
    #: The registry that notifies life cycle observers; may be re-bound to a subclass.
    LIFE_CYCLE_OBSERVER_REGISTRY: BindingKey[Any] = BindingKey("life_cycle_observer.registry")
    #: Ordered groups, parallelism and disabled groups of the observers.
    LIFE_CYCLE_OBSERVER_OPTIONS: BindingKey[Any] = BindingKey("life_cycle_observer.options")
    #: The controller a request is handled by.
    CONTROLLER_CURRENT: BindingKey[Any] = BindingKey("controller.current")
    #: Its class.
    CONTROLLER_CLASS: BindingKey[type[Any]] = BindingKey("controller.current.class")
    #: The name of the method that handles the request.
    CONTROLLER_METHOD_NAME: BindingKey[str] = BindingKey("controller.current.operation")
    #: What decorators wrote on that method.
    CONTROLLER_METHOD_META: BindingKey[Any] = BindingKey("controller.method.meta")

    SERVERS = "servers"
    COMPONENTS = "components"
    CONTROLLERS = "controllers"
    SERVICES = "services"
    LIFE_CYCLE_OBSERVERS = "life_cycle_observers"


class CoreTags:
    """Names of tags by which the parts of an application are found."""

    COMPONENT = "component"
    SERVER = "server"
    CONTROLLER = "controller"
    SERVICE = "service"
    #: The class, protocol or token a service is found by.
    SERVICE_INTERFACE = "service_interface"
    LIFE_CYCLE_OBSERVER = "life_cycle_observer"
    LIFE_CYCLE_OBSERVER_GROUP = "life_cycle_observer_group"
    #: The name of an extension point, on its own binding.
    EXTENSION_POINT = "extension_point"
    #: The point or points an extension contributes to.
    EXTENSION_FOR = "extension_for"

"""The context explorer: a page that shows the contexts of a running application, their bindings, and who injects what.

It is off unless it is mounted, ``app.component(ContextExplorerComponent)``.
"""

from mainspring.explorer.component import ContextExplorerComponent
from mainspring.explorer.errors import ExplorerSettingError
from mainspring.explorer.keys import ExplorerBindings, ExplorerTags

__all__ = ["ContextExplorerComponent", "ExplorerBindings", "ExplorerSettingError", "ExplorerTags"]

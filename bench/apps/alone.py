"""An application over Mainspring's own listener: ``python alone.py module:name port``; a factory is called."""

import importlib
import sys

from mainspring import RestApplication

module, _, name = sys.argv[1].partition(":")
found = getattr(importlib.import_module(module), name)
app = found if isinstance(found, RestApplication) else found()
app.rest_server.bind("rest.port").to(int(sys.argv[2]))
app.rest_server.bind("rest.keep_alive_timeout").to(600)
app.run()

"""Mainspring over its own listener, on the port that is the only argument."""

import sys

from on_mainspring import app

app.rest_server.bind("rest.port").to(int(sys.argv[1]))
app.run()

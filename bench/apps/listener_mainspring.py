"""Mainspring over its own listener: ``python listener_mainspring.py port [certificate key]``."""

import sys

from on_mainspring import app

app.rest_server.bind("rest.port").to(int(sys.argv[1]))
if len(sys.argv) > 2:
    app.rest_server.bind("rest.protocol").to("https")
    app.rest_server.bind("rest.ssl").to({"cert_file": sys.argv[2], "key_file": sys.argv[3]})
app.run()

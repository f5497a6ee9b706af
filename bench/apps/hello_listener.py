"""The hello application of Mainspring over its own listener, as it starts by default."""

import sys

from hello_mainspring import app

app.rest_server.bind("rest.port").to(int(sys.argv[1]))
app.run()

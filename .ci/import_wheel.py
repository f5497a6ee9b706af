"""Import what the wheel holds, with nothing but the base install around it. Run by ``dev.py wheel``."""

import importlib
import pkgutil
import sys

import mainspring

if "site-packages" not in mainspring.__file__:
    sys.exit(f"this is not the installed wheel: {mainspring.__file__}")

# Rooms that bring a driver need an extra; they are imported with it by the tests.
rooms = [room.name for room in pkgutil.iter_modules(mainspring.__path__)]
for room in rooms:
    importlib.import_module(f"mainspring.{room}")
for name in mainspring.__all__:
    getattr(mainspring, name)
sys.stdout.write(f"imported mainspring {', '.join(rooms)} and its {len(mainspring.__all__)} names\n")

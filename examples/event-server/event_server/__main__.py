"""``python -m event_server``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import EventApplication

if __name__ == "__main__":
    EventApplication().run()

"""``python -m todo``, from the folder above: the same as ``mainspring run`` in this one, without HOST and PORT."""

from .application import TodoApplication

if __name__ == "__main__":
    TodoApplication().run()

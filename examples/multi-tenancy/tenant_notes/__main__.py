"""``python -m tenant_notes``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import NotesApplication

if __name__ == "__main__":
    NotesApplication().run()

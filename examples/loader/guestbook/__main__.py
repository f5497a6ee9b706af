"""``python -m guestbook``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .server import GuestbookServer

if __name__ == "__main__":
    GuestbookServer().run()

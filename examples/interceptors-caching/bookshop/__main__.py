"""``python -m bookshop``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import BookshopApplication

if __name__ == "__main__":
    BookshopApplication().run()

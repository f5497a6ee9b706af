"""``python -m shop``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import ShopApplication

if __name__ == "__main__":
    ShopApplication().run()

"""``python -m coffee_shops``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import CoffeeShopApplication

if __name__ == "__main__":
    CoffeeShopApplication().run()

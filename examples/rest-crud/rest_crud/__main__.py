"""``python -m rest_crud``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import CatalogueApplication

if __name__ == "__main__":
    CatalogueApplication().run()

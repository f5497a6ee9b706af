"""Products: all operations."""

from mainspring.boot import ModelApiConfig

from ..models.product_model import Product

config = ModelApiConfig(model=Product, pattern="CrudRest", datasource="db", base_path="/products")

"""Categories: the operations that read."""

from mainspring.boot import ModelApiConfig

from ..models.category_model import Category

config = ModelApiConfig(model=Category, pattern="CrudRest", datasource="db", base_path="/categories", readonly=True)

"""A model served as REST: the controller made in one declaration, or repository and controller by a file that boot
finds.
"""

from mainspring.crud.component import CrudRestComponent
from mainspring.crud.controllers import define_crud_rest_controller

__all__ = ["CrudRestComponent", "define_crud_rest_controller"]

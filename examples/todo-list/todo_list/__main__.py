"""``python -m todo_list``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import TodoListApplication

if __name__ == "__main__":
    TodoListApplication().run()

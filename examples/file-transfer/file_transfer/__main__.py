"""``python -m file_transfer``, from the folder above: the same as ``mainspring run`` there, without HOST and PORT."""

from .application import FileTransferApplication

if __name__ == "__main__":
    FileTransferApplication().run()

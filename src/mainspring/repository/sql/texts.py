"""Text columns. Text is compared and sorted by its code points everywhere: the collations that databases have by
default take ``a`` for ``A``, or sort by the rules of one country.
"""

from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["LONGEST_VARCHAR", "StoredText", "binary_collation"]

#: The longest VARCHAR; MySQL counts all of a row's against 64 KiB.
LONGEST_VARCHAR = 4000


class StoredText(TypeDecorator[str]):
    """Text, compared by code points.

    Args:
        length: The most characters.
        mysql_length: The most characters where the database has to know a number.
    """

    impl = Text
    cache_ok = True

    def __init__(self, length: int | None = None, mysql_length: int | None = None) -> None:
        super().__init__()
        self.length, self.mysql_length = length, mysql_length or length

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        """With the collation that each database has for this."""
        if dialect.name == "mysql":
            length = self.mysql_length
            own: TypeEngine[Any] = mysql.LONGTEXT(collation=binary_collation(dialect))
            if length is not None and length <= LONGEST_VARCHAR:
                own = mysql.VARCHAR(length, collation=binary_collation(dialect))
            return dialect.type_descriptor(own)  # type: ignore[no-any-return]  # its signature says Any
        collation = "C" if dialect.name == "postgresql" else None
        plain = String(self.length, collation) if self.length else Text(collation=collation)
        return dialect.type_descriptor(plain)  # type: ignore[no-any-return]


def binary_collation(dialect: Any) -> str:
    """The collation of MySQL or MariaDB that tells all texts apart, those that end in spaces too."""
    version = dialect.server_version_info or ()
    if dialect.is_mariadb:
        return "utf8mb4_nopad_bin"
    return "utf8mb4_0900_bin" if version >= (8, 0, 17) else "utf8mb4_bin"

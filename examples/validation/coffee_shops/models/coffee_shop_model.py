"""A coffee shop, and everything about it that can be checked without asking anybody."""

from typing import Literal

from mainspring import Entity, field, model
from mainspring.repository import validates

__all__ = ["AREA_CODES", "CoffeeShop"]

LARGEST_ID = 2**63 - 1  # what an integer of the database holds
TEXT = r"^[^\u0000]*$"  # no database keeps NUL in a text
AREA_CODES = {"Praha": "2", "Brno": "5", "Ostrava": "59"}


@model(rename="camel")
class CoffeeShop(Entity):
    """A coffee shop. What JSON Schema can say of a property is a setting of it, and stands in the document."""

    id: int | None = field(id=True, generated=True, minimum=1, maximum=LARGEST_ID)
    name: str = field(required=True, min_length=1, max_length=80, pattern=TEXT)
    city: Literal["Praha", "Brno", "Ostrava"] = field(required=True)
    phone_number: str = field(
        required=True,
        pattern="^[2-9][0-9]{8}$",
        unique=True,
        error_message={"pattern": "a phone number has nine digits and does not begin with 0 or 1"},
    )
    capacity: int = field(required=True, minimum=1, maximum=500)
    opens: int = field(required=True, minimum=0, maximum=23, description="The hour.")
    closes: int = field(required=True, minimum=1, maximum=24, description="The hour.")
    website: str | None = field(max_length=200, pattern=r"^https?://[a-z0-9.-]+(/[!-~]*)?$")

    @validates("opens", "closes")
    def it_opens_before_it_closes(self) -> None:
        """Two properties together."""
        if self.opens >= self.closes:
            raise ValueError("a shop opens before it closes")

    @validates("city", "phone_number")
    def phone_number_is_of_the_city(self) -> None:
        """A rule of the trade."""
        if not self.phone_number.startswith(AREA_CODES[self.city]):
            raise ValueError(f"phone numbers of {self.city} begin with {AREA_CODES[self.city]}")

    @validates("name")
    def name_can_be_seen(self) -> None:
        """One property, by a rule that no keyword has: what is refused is told at ``/name``."""
        if not any(character.isprintable() and not character.isspace() for character in self.name):
            raise ValueError("a name has at least one character that can be seen")

"""From an address to a point on the map, without asking anybody.

A service on the network would know every street. This one knows coordinates when it sees them and the cities of a
short list, which is what a reminder on a phone needs to be tried out, and it answers the same everywhere.
"""

import re

from mainspring import BindingScope, injectable

__all__ = ["GeocoderService"]

COORDINATES = re.compile(r"\s*(?:geo:)?\s*([+-]?\d{1,2}(?:\.\d+)?)\s*,\s*([+-]?\d{1,3}(?:\.\d+)?)\s*")
CITIES = {
    "amsterdam": (52.3728, 4.8936),
    "athens": (37.9838, 23.7275),
    "berlin": (52.5200, 13.4050),
    "brno": (49.1951, 16.6068),
    "buenos aires": (-34.6037, -58.3816),
    "cairo": (30.0444, 31.2357),
    "copenhagen": (55.6761, 12.5683),
    "delhi": (28.6139, 77.2090),
    "lisbon": (38.7223, -9.1393),
    "london": (51.5072, -0.1276),
    "madrid": (40.4168, -3.7038),
    "mexico city": (19.4326, -99.1332),
    "nairobi": (-1.2921, 36.8219),
    "new york": (40.7128, -74.0060),
    "paris": (48.8566, 2.3522),
    "prague": (50.0755, 14.4378),
    "rome": (41.9028, 12.4964),
    "seoul": (37.5665, 126.9780),
    "sydney": (-33.8688, 151.2093),
    "tokyo": (35.6762, 139.6503),
    "toronto": (43.6532, -79.3832),
    "vienna": (48.2082, 16.3738),
    "warsaw": (52.2297, 21.0122),
}


@injectable(scope=BindingScope.SINGLETON)
class GeocoderService:
    """Finds the place that an address speaks of."""

    def locate(self, address: str) -> str | None:
        """``"latitude,longitude"`` in degrees, or ``None`` when the address names no place known here.

        Args:
            address: Coordinates (``49.2, 16.6`` or ``geo:49.2,16.6``), or words with a city at their end, as on
                a letter.
        """
        coordinates = COORDINATES.fullmatch(address)
        if coordinates:
            latitude, longitude = map(float, coordinates.groups())
            return _written(latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
        words = " ".join(re.findall(r"\w+", address.casefold()))
        cities = [city for city in CITIES if re.search(rf"\b{city}\b", words)]
        # "Berlin Street, London" is in London: the city comes last.
        return _written(*CITIES[max(cities, key=words.rindex)]) if cities else None


def _written(latitude: float, longitude: float) -> str:
    return f"{latitude:g},{longitude:g}"

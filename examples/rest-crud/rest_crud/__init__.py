"""A catalogue: models served as REST by declaration."""

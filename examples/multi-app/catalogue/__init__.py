"""A sub-application: products and their prices. It runs alone as well."""

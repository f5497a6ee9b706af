"""Namespaces and tags of the room. Values are part of the behaviour."""

__all__ = ["RepositoryBindings", "RepositoryTags"]


class RepositoryBindings:
    """Where models, data sources and repositories are bound."""

    MODELS = "models"
    DATASOURCES = "datasources"
    REPOSITORIES = "repositories"


class RepositoryTags:
    """Names of tags."""

    MODEL = "model"
    DATASOURCE = "datasource"
    REPOSITORY = "repository"

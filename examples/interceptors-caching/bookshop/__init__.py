"""A bookshop whose answers are cached by an interceptor."""

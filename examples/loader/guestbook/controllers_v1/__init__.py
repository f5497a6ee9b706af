"""What is served below ``/rest/v1``, for clients of the first version."""

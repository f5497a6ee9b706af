"""A guestbook on a server loader: hooks, two versions of its routes, files, sessions and sockets."""

"""The API: one router per resource; each route calls what the command line calls."""

"""The demo: a drawn catalogue, tiny models that mean something, and local servers."""

"""The `restyle` command."""

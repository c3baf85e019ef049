"""Pixels: masks, squares and composites; pure work on arrays."""

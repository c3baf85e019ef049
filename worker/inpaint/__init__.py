"""Painters: pictures, masks and words in, pictures out."""

"""Producers: manifest to batch, and everything a person asks of a batch. Torch-free."""

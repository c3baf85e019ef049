"""Benchmarks: each prints a ratio against a baseline that runs beside it on the same machine."""

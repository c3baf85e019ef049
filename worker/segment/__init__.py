"""Segmenters: pictures and words in, logits out."""

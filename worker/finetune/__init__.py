"""Finetune: the inpainting model learns a style from a dozen pictures (DreamBooth).

Ruiz et al. 2022, arXiv 2208.12242: a rare token is tied to the pictures, and pictures of the
class that the model paints itself keep the class what it was.
"""

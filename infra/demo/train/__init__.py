"""How the demo models are made: drawn pictures in, weights and figures out."""

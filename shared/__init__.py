"""The words of Restyle and its edges: what producers and workers share."""

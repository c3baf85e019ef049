"""What ships, shows and measures Restyle."""

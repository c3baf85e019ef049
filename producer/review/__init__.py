"""Review: what people decide of items that wait for them, and what follows from it."""

"""A catalogue rendered under injected faults, and the invariants that must hold at its end."""

"""Pictures before they are decoded: what a file is, and whether it may be used; torch-free.

Workers ask before they decode, `restyle check` asks of the first bytes alone: one set of rules.
Nothing is imported here: settings need the limits, and not Pillow.
"""

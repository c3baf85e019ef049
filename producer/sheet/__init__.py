"""The contact sheet of a batch: source, mask and variants side by side.

`cards` fetches and shrinks the pictures, `poster` draws them as PNG, `page` writes them as one
self-contained HTML file. Nothing here needs torch, and nothing of a sheet is fetched from anywhere
when somebody looks at it.
"""

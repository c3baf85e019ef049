"""Access: who asks, whether they may, and the log of what they did.

Secrets and ids of sessions have 256 random bits, so nobody finds one by trying. What the limit on
failures saves is the log and Redis; a right token is let in whatever others try from its address.
"""

"""Tolerance: how far a replay may be from the stored result and still be called equal."""

#: Levels (0 to 255) that a sample may differ by. Rounding in float32 under other batch mates was
#: measured to move one by 1 at most (infra/bench/LOG.md); this is as much again.
TOLERANCE_LEVELS = 2
#: A lossy encoder turns a difference of one level, here and there, into as much as its own error,
#: which the sidecar has; that comes on top for at most this share of the pixels.
LOSSY_SHARE = 0.01
#: Two masks that overlap at least so far (intersection over union) are as good as equal: where the
#: segmenter is undecided, rounding may flip a pixel of the edge.
LEAST_OVERLAP = 0.999

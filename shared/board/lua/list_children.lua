-- Batches that render items of a batch again, the oldest first. Argument: batch.
return redis.call('ZRANGE', key('children', ARGV[2]), 0, -1)

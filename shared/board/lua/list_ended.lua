-- Batches that ended by a time, the first first. Arguments: time (ms), limit.
return redis.call('ZRANGEBYSCORE', key('ended'), '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])

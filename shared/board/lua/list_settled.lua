-- Batches of which all that is open is held, unchanged for so long. Arguments: ms, limit.
return redis.call('ZRANGEBYSCORE', key('settled'), '-inf', NOW - ARGV[2], 'LIMIT', 0, ARGV[3])

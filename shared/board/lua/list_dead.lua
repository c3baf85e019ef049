-- The newest messages that nobody could read, newest first, each after its time (ms).
-- Argument: limit.
return redis.call('LRANGE', key('dead'), 0, ARGV[2] - 1)

-- Forget what a worker said of itself. Argument: owner.
redis.call('HDEL', key('workers'), ARGV[2])
return redis.call('ZREM', key('seen'), ARGV[2])

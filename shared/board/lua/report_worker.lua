-- Keep what a worker says of itself. Arguments: owner, facts (JSON), age in ms after which the
-- silent are forgotten.
even_when_full()
local gone = redis.call('ZRANGEBYSCORE', key('seen'), '-inf', NOW - ARGV[4])
for _, owner in ipairs(gone) do
  redis.call('HDEL', key('workers'), owner)
  redis.call('ZREM', key('seen'), owner)
end
redis.call('HSET', key('workers'), ARGV[2], ARGV[3])
redis.call('ZADD', key('seen'), NOW, ARGV[2])
return #gone

-- Take the run that waits longest, or whose lease ran out. Arguments: owner, lease in ms. Returns
-- its schedule, slot and fields, or nothing.
local found = redis.call('ZRANGEBYSCORE', key('open_runs'), '-inf', NOW, 'LIMIT', 0, 1)[1]
if not found then
  return {}
end
local name, slot = string.match(found, '^(.-)/(.+)$')
local run = key('run', name, slot)
if redis.call('HGET', run, 'state') == 'running' then
  redis.call('HINCRBY', run, 'losses', 1)
end
redis.call('HINCRBY', run, 'fence', 1)
redis.call('HSET', run, 'state', 'running', 'owner', ARGV[2])
redis.call('ZADD', key('open_runs'), NOW + ARGV[3], found)
return {name, slot, redis.call('HGETALL', run)}

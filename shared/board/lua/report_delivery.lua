-- Note what came of a try. Arguments: delivery, fence, new state, pause in ms before the next try,
-- the try (JSON), how many tries to keep. Returns 0 for a late report under an older fence, else 1.
local id, state = ARGV[2], ARGV[4]
local record = key('delivery', id)
local fields = redis.call('HMGET', record, 'fence', 'leased')
if fields[1] ~= ARGV[3] or not fields[2] then
  return 0
end
even_when_full()
redis.call('HDEL', record, 'leased')
redis.call('HSET', record, 'state', state)
redis.call('LPUSH', key('delivery_tries', id), string.format('%.0f %s', NOW, ARGV[6]))
redis.call('LTRIM', key('delivery_tries', id), 0, ARGV[7] - 1)
if state == 'waiting' then
  redis.call('ZADD', key('due_deliveries'), NOW + ARGV[5], id)
else
  redis.call('ZREM', key('due_deliveries'), id)
  redis.call('ZADD', key('settled_deliveries'), NOW, id)
end
return 1

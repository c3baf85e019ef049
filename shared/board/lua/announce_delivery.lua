-- Note that an event is to be sent to a target, at once. Arguments: delivery, target, event, body,
-- how many deliveries to keep. Returns 1, or 0 where it was announced before.
local id = ARGV[2]
if redis.call('EXISTS', key('delivery', id)) == 1 then
  return 0
end
even_when_full()
redis.call('HSET', key('delivery', id), 'target', ARGV[3], 'event', ARGV[4], 'body', ARGV[5],
  'state', 'waiting', 'announced', NOW)
redis.call('ZADD', key('deliveries'), NOW, id)
redis.call('ZADD', key('due_deliveries'), NOW, id)
-- The oldest go: first those that are settled, then, where a thousand wait, waiting ones too.
while redis.call('ZCARD', key('deliveries')) > tonumber(ARGV[6]) do
  local oldest = redis.call('ZRANGE', key('settled_deliveries'), 0, 0)[1]
    or redis.call('ZRANGE', key('deliveries'), 0, 0)[1]
  redis.call('ZREM', key('deliveries'), oldest)
  redis.call('ZREM', key('due_deliveries'), oldest)
  redis.call('ZREM', key('settled_deliveries'), oldest)
  redis.call('DEL', key('delivery', oldest), key('delivery_tries', oldest))
end
return 1

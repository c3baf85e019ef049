-- Let a delivery begin anew, its first try due at once. Argument: delivery. Returns 0 for no such
-- delivery, else 1. One that is being sent goes on under its lease.
local id = ARGV[2]
local record = key('delivery', id)
if redis.call('EXISTS', record) == 0 then
  return 0
end
even_when_full()
local leased = tonumber(redis.call('HGET', record, 'leased') or 0)
redis.call('ZREM', key('settled_deliveries'), id)
redis.call('HSET', record, 'state', 'waiting', 'number', 0)
redis.call('ZADD', key('due_deliveries'), math.max(NOW, leased), id)
return 1

-- Take the delivery that is due for the longest time, for one try. Argument: lease in ms.
-- Returns nothing where none is due, else delivery, target, body, number of the try, fence, time.
local id = redis.call('ZRANGEBYSCORE', key('due_deliveries'), '-inf', NOW, 'LIMIT', 0, 1)[1]
if not id then
  return {}
end
even_when_full()
local record = key('delivery', id)
local lease_end = NOW + ARGV[2]
redis.call('ZADD', key('due_deliveries'), lease_end, id)
redis.call('HSET', record, 'leased', lease_end)
local number = redis.call('HINCRBY', record, 'number', 1)
local fence = redis.call('HINCRBY', record, 'fence', 1)
local fields = redis.call('HMGET', record, 'target', 'body')
return {id, fields[1], fields[2], number, fence, string.format('%.0f', NOW)}

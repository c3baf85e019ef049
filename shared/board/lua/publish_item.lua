-- An approved result lies where it belongs: the item is done. Arguments: batch, number, result (JSON).
-- Returns 1, or 0 where the approval was taken back or the batch cancelled; twice is once.
local batch, number, result = ARGV[2], ARGV[3], ARGV[4]
local fields = redis.call('HMGET', key('item', batch, number), 'state', 'approved')
even_when_full()
if not fields[2] then
  return fields[1] == 'done' and redis.call('HGET', key('outcomes', batch), number) == result
    and 1 or 0
end
redis.call('HSET', key('outcomes', batch), number, result)
redis.call('HDEL', key('item', batch, number), 'copying')
return move(batch, number, 'done') and 1 or 0

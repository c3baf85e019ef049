-- Cancel a batch: the flag at once, its items in slices. Arguments: batch, limit.
-- Returns how many items of the slice were moved, -1 for no such batch; 0 means finished.
local batch, limit = ARGV[2], tonumber(ARGV[3])
local record = key('batch', batch)
even_when_full()
local fields = redis.call('HMGET', record, 'total', 'sealed', 'lane', 'cancelled')
if not fields[1] then
  return -1
end
-- A batch whose items have all ended stays what it is.
if fields[2] and not fields[4] and open_items(batch) == 0 then
  return 0
end
redis.call('HSET', record, 'cancelled', 1)
redis.call('ZREM', key('lane', fields[3]), batch)
redis.call('SADD', key('cancelling'), batch)
-- Half a batch has no items of its own yet; sealing it later brings the sweep here again.
if not fields[2] then
  return 0
end
local moved = 0
for _, state in ipairs({'running', 'held', 'queued'}) do
  if moved < limit then
    local numbers = redis.call('ZRANGE', key('in_state', batch, state), 0, limit - moved - 1)
    for _, number in ipairs(numbers) do
      move(batch, number, 'cancelled')
      moved = moved + 1
    end
  end
end
if moved == 0 then
  redis.call('SREM', key('cancelling'), batch)
end
return moved

-- Report an item's end. Arguments: batch, number, fence, new state, outcome (JSON), code or '',
-- seconds on the device, of what is held its stage or '', the gate's score or '', its reasons or ''.
-- Returns 1, or 0 when the claim is lost; the same report twice is one report.
local batch, number, fence, new = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local item = key('item', batch, number)
even_when_full()
if not holds(batch, number, fence) then
  local fields = redis.call('HMGET', item, 'state', 'fence')
  return fields[1] == new and fields[2] == fence
    and redis.call('HGET', key('outcomes', batch), number) == ARGV[6] and 1 or 0
end
if batch_field(batch, 'cancelled') then
  move(batch, number, 'cancelled')
  return 0
end
if tonumber(ARGV[8]) > 0 then
  redis.call('HINCRBYFLOAT', key('batch', batch), 'device', ARGV[8])
end
-- Before the move, which counts what is flagged; what an earlier claim left goes.
local told = {code = ARGV[7], stage = ARGV[9], score = ARGV[10], why = ARGV[11]}
for field, value in pairs(told) do
  if value ~= '' then
    redis.call('HSET', item, field, value)
  else
    redis.call('HDEL', item, field)
  end
end
redis.call('HSET', key('outcomes', batch), number, ARGV[6])
return move(batch, number, new) and 1 or 0

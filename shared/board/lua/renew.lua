-- Renew many claims at once. Arguments: lease in ms, then batch, number, fence per claim.
-- Returns one word per claim: 'held', 'cancelled' (by a person) or 'lost'.
local lease = tonumber(ARGV[2])
even_when_full()

local function renew(batch, number, fence)
  if holds(batch, number, fence) then
    if batch_field(batch, 'cancelled') then
      move(batch, number, 'cancelled')
      return 'cancelled'
    end
    redis.call('ZADD', key('claims'), NOW + lease, member(batch, number))
    return 'held'
  end
  local fields = redis.call('HMGET', key('item', batch, number), 'state', 'fence')
  return fields[1] == 'cancelled' and fields[2] == fence and 'cancelled' or 'lost'
end

local words = {}
for position = 3, #ARGV, 3 do
  words[#words + 1] = renew(ARGV[position], ARGV[position + 1], ARGV[position + 2])
end
return words

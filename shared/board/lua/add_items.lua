-- Add a slice of waiting items to a batch that is not sealed. Arguments: batch, then pairs of
-- number and record. Repeating changes nothing, and what was restored stays as it is. Returns how
-- many were taken, -1 for no such batch.
local batch = ARGV[2]
local fields = redis.call('HMGET', key('batch', batch), 'total', 'sealed', 'restoring', 'pilot')
local total, pilot = tonumber(fields[1] or -1), tonumber(fields[4])
if total < 0 or fields[2] then
  return math.min(total, 0)
end
local specs, scores, places = {}, {}, {}
for position = 3, #ARGV, 2 do
  local number = ARGV[position]
  local ended = fields[3] and state_of(batch, number) ~= 'queued'
  if tonumber(number) < total and not ended then
    specs[#specs + 1] = number
    specs[#specs + 1] = ARGV[position + 1]
    scores[#scores + 1] = number
    scores[#scores + 1] = number
    places[#places + 1] = rank(tonumber(number), total, pilot)
    places[#places + 1] = number
  end
end
if #specs > 0 then
  redis.call('HSET', key('specs', batch), unpack(specs))
  redis.call('ZADD', key('in_state', batch, 'queued'), unpack(scores))
  redis.call('ZADD', key('waiting', batch), unpack(places))
end
return #specs / 2

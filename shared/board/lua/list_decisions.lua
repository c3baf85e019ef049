-- A batch's decisions, newest first. Arguments: batch, how many to pass over, limit.
-- Returns {} for no such batch, else {total, then a row per decision}.
local batch, start, limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local total = batch_field(batch, 'total')
if not total then
  return {}
end
local newest = tonumber(redis.call('HGET', key('decisions', batch), 'newest') or 0) - start
local places = {}
for place = newest, math.max(newest - limit + 1, 1), -1 do
  places[#places + 1] = string.format('%.0f', place)
end
return {total, unpack(decision_rows(batch, places))}

-- Items by their newest change, in its order. Arguments: batch, after, limit.
-- Returns {} for no such batch, else {number of the last change, then a row per item}.
local batch, after, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
if not batch_field(batch, 'total') then
  return {}
end
local changed = redis.call('ZRANGEBYSCORE', key('changes', batch), '(' .. after, '+inf',
  'WITHSCORES', 'LIMIT', 0, limit)
local rows = {changed[#changed] or after}
for position = 1, #changed, 2 do
  rows[#rows + 1] = item_row(batch, changed[position]) or nil
end
return rows

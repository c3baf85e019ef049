-- The decisions that changed an item, newest first. Arguments: batch, number.
-- Returns {} for no such item, else {number, then a row per decision}.
local batch, number = ARGV[2], ARGV[3]
if not redis.call('HGET', key('specs', batch), number) then
  return {}
end
local places = {}
local history = redis.call('HGET', key('item', batch, number), 'history') or ''
for place in string.gmatch(history, '%d+') do
  table.insert(places, 1, place)
end
return {number, unpack(decision_rows(batch, places))}

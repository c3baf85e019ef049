-- Decisions in the order in which they were made, each with the items that it changed. Arguments:
-- batch, place of the first, most slices of items that are read; of a large decision all are.
-- Returns {place to go on at or 0, then per decision its row and its items: 'number kind,…'}.
local batch, place, left = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local log = key('decisions', batch)
local newest = tonumber(redis.call('HGET', log, 'newest') or 0)

local function items_of(name)
  local parts = {}
  for slice = 1, tonumber(redis.call('HGET', log, name .. ':slices') or 0) do
    parts[slice] = redis.call('HGET', log, string.format('%s/%.0f', name, slice))
  end
  left = left - 1 - #parts
  return table.concat(parts, ',')
end

local found = {0}
while place <= newest and left > 0 do
  local name = string.format('%.0f', place)
  local row = decision_rows(batch, {name})[1]
  if row then
    found[#found + 1] = row
    found[#found + 1] = items_of(name)
  end
  place = place + 1
end
found[1] = place <= newest and place or 0
return found

-- Remove a slice of a retired batch's items, the last ones first. Arguments: batch, limit.
-- Returns how many are left; 0 too where nothing is to be removed.
local batch, limit = ARGV[2], tonumber(ARGV[3])
even_when_full()
local left = tonumber(redis.call('HGET', key('retiring'), batch) or 0)
local rest, hashes = math.max(left - limit, 0), {}
for number = rest, left - 1 do
  hashes[#hashes + 1] = key('item', batch, string.format('%.0f', number))
end
if #hashes > 0 then
  redis.call('UNLINK', unpack(hashes))
end
if rest > 0 then
  redis.call('HSET', key('retiring'), batch, rest)
else
  redis.call('HDEL', key('retiring'), batch)
end
return rest

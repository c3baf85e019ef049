-- Reserve a batch id. Arguments: batch, then pairs of field and value of its record; the first
-- four pairs are its identity. Returns 'fill', 'sealed', or the names of what differs.
local batch = ARGV[2]
local record = key('batch', batch)
if redis.call('EXISTS', record) == 0 then
  redis.call('HSET', record, unpack(ARGV, 3))
  redis.call('ZADD', key('batches'), NOW, batch)
  return {'fill'}
end
local differing = {}
for position = 3, 9, 2 do
  if redis.call('HGET', record, ARGV[position]) ~= ARGV[position + 1] then
    differing[#differing + 1] = ARGV[position]
  end
end
if #differing > 0 then
  return differing
end
return {redis.call('HGET', record, 'sealed') and 'sealed' or 'fill'}

-- Reserve a batch id. Arguments: batch, 1 to bring back a retired one, its parent or '', then pairs of
-- field and value of its record; the first six pairs are its identity, of which an old record may
-- lack some. Returns 'fill', 'sealed', 'retiring' while items of it are still to be removed, 'retired',
-- or the names of what differs.
local batch, comes_back, parent = ARGV[2], ARGV[3] == '1', ARGV[4]
local record = key('batch', batch)
if redis.call('HGET', key('retiring'), batch) then
  return {'retiring'}
end
if redis.call('HGET', key('archive'), batch) and not comes_back then
  return {'retired'}
end
if redis.call('EXISTS', record) == 0 then
  redis.call('HSET', record, unpack(ARGV, 5))
  redis.call('ZADD', key('batches'), NOW, batch)
  redis.call('SADD', key('unended'), batch)
  redis.call('ZREM', key('retired'), batch)
  redis.call('HDEL', key('archive'), batch)
  if parent ~= '' and redis.call('EXISTS', key('batch', parent)) == 1 then
    local children = key('children', parent)
    redis.call('ZADD', children, 'NX', redis.call('ZCARD', children), batch)
  end
  return {'fill'}
end
local differing = {}
for position = 5, 15, 2 do
  local old = redis.call('HGET', record, ARGV[position])
  if old and old ~= ARGV[position + 1] then
    differing[#differing + 1] = ARGV[position]
  end
end
if #differing > 0 then
  return differing
end
return {redis.call('HGET', record, 'sealed') and 'sealed' or 'fill'}

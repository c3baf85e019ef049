-- Store a source's identity on its item; the first one stays. Arguments: batch, number, fence,
-- etag, size. Returns {} when the claim is lost, else {etag, size} as pinned.
local batch, number = ARGV[2], ARGV[3]
even_when_full()
if not holds(batch, number, ARGV[4]) then
  return {}
end
local item = key('item', batch, number)
local etag = redis.call('HGET', item, 'etag')
if not etag or etag == '' then
  redis.call('HSET', item, 'etag', ARGV[5], 'size', ARGV[6])
end
return redis.call('HMGET', item, 'etag', 'size')

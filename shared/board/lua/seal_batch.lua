-- Make a filled batch visible to the dispatcher. Argument: batch. Returns {found, total}, and
-- nothing for no such batch; it is sealed when the two are equal.
local batch = ARGV[2]
local record = key('batch', batch)
local total = tonumber(redis.call('HGET', record, 'total') or -1)
if total < 0 then
  return {}
end
local found = redis.call('HLEN', key('specs', batch))
if found == total then
  redis.call('HSET', record, 'sealed', 1)
  if redis.call('ZCARD', key('waiting', batch)) > 0 then
    join_lane(batch)
  end
end
return {found, total}

-- Note that a batch's results are written. Arguments: batch, revision that they were written for
-- or ''. Returns -1 for no such batch, 0 when items are open or were retried since, else 1.
local batch = ARGV[2]
local record = key('batch', batch)
even_when_full()
local fields = redis.call('HMGET', record, 'total', 'revision')
if not fields[1] then
  return -1
end
if open_items(batch) > 0 then
  return 0
end
if ARGV[3] ~= '' and ARGV[3] ~= (fields[2] or '0') then
  -- Rows from before a retry were written last, over another steward's: they are due once more.
  redis.call('HDEL', record, 'ended')
  redis.call('SADD', key('unended'), batch)
  redis.call('ZREM', key('ended'), batch)
  redis.call('SADD', key('ending'), batch)
  return 0
end
redis.call('HSETNX', record, 'ended', NOW)
redis.call('ZADD', key('ended'), 'NX', redis.call('HGET', record, 'ended'), batch)
redis.call('SREM', key('ending'), batch)
redis.call('SREM', key('unended'), batch)
return 1

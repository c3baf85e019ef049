-- Mark a batch as being restored: only who restores may seal it. Arguments: batch, 1 to pause it,
-- 1 where a person had cancelled it. Returns 1, 0 when it is sealed, -1 for no such batch.
local record = key('batch', ARGV[2])
local fields = redis.call('HMGET', record, 'total', 'sealed')
if not fields[1] then
  return -1
end
if fields[2] then
  return 0
end
redis.call('HSET', record, 'restoring', 1)
-- Fences go on above all that the lost board can have given: nobody claims an item more than once
-- a millisecond. So whoever holds a claim from then cannot report into one of now.
redis.call('HSETNX', record, 'fence', string.format('%.0f', NOW))
if ARGV[3] == '1' then
  redis.call('HSET', record, 'paused', 'person')
end
if ARGV[4] == '1' then
  redis.call('HSET', record, 'cancelled', 1)
end
return 1

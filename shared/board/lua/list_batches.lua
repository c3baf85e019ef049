-- The records of the newest batches. Arguments: how many to pass over, limit.
local records = {}
for _, batch in ipairs(redis.call('ZREVRANGE', key('batches'), ARGV[2], ARGV[2] + ARGV[3] - 1)) do
  records[#records + 1] = redis.call('HGETALL', key('batch', batch))
end
return records

-- The records of the newest batches. Argument: limit.
local records = {}
for _, batch in ipairs(redis.call('ZREVRANGE', key('batches'), 0, ARGV[2] - 1)) do
  records[#records + 1] = redis.call('HGETALL', key('batch', batch))
end
return records

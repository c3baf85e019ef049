-- The newest runs of a schedule, newest first: slot and fields. Arguments: schedule, limit.
local rows = {}
for position, slot in ipairs(redis.call('ZREVRANGE', key('runs', ARGV[2]), 0, ARGV[3] - 1)) do
  rows[position] = {slot, redis.call('HGETALL', key('run', ARGV[2], slot))}
end
return rows

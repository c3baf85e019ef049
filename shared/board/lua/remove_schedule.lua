-- Forget a schedule and its runs. Argument: name. Returns 0 for no such schedule.
local name = ARGV[2]
for _, slot in ipairs(redis.call('ZRANGE', key('runs', name), 0, -1)) do
  forget_run(name, slot)
end
redis.call('DEL', key('schedule', name))
return redis.call('SREM', key('schedules'), name)

-- Pause or resume a schedule. Arguments: name, 1 or 0. Returns 0 for no such schedule.
local schedule = key('schedule', ARGV[2])
even_when_full()
if redis.call('EXISTS', schedule) == 0 then
  return 0
end
if ARGV[3] == '1' then
  redis.call('HSET', schedule, 'paused', 1)
elseif redis.call('HDEL', schedule, 'paused') == 1 then
  redis.call('HSET', schedule, 'since', NOW) -- what fell due meanwhile is not run
end
return 1

-- Make sure that a slot has its run. Arguments: schedule, slot, its time (ms), state, 1 if a person
-- asked for it, how many runs to keep. Returns -1 for no such schedule, 1 for a new run, else 0.
local name, slot, at, state = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local fields = redis.call('HMGET', key('schedule', name), 'since', 'paused')
if not fields[1] then
  return -1
end
local wanted = ARGV[6] == '1' or (not fields[2] and at > tonumber(fields[1]))
local run = key('run', name, slot)
if not wanted or redis.call('EXISTS', run) == 1 then
  return 0
end
redis.call('HSET', run, 'state', state, 'created', NOW)
redis.call('ZADD', key('runs', name), at, slot)
if state == 'waiting' then
  redis.call('ZADD', key('open_runs'), NOW, run_member(name, slot))
else
  redis.call('HSET', run, 'ended', NOW)
end
for _, old in ipairs(redis.call('ZRANGE', key('runs', name), 0, -1 - ARGV[7])) do
  forget_run(name, old)
end
return 1

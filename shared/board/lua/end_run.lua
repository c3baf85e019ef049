-- Note how a run ended. Arguments: schedule, slot, fence, state, failure (JSON) or ''. Returns 0
-- when another has it. A failed one breaks the schedule, any other
-- mends it.
local name, slot, failure = ARGV[2], ARGV[3], ARGV[6]
local run, schedule = key('run', name, slot), key('schedule', name)
even_when_full()
if not holds_run(name, slot, ARGV[4]) then
  return 0
end
redis.call('HSET', run, 'state', ARGV[5], 'ended', NOW, 'failure', failure)
redis.call('ZREM', key('open_runs'), run_member(name, slot))
if ARGV[5] ~= 'failed' then
  redis.call('HDEL', schedule, 'broken')
else
  redis.call('HSET', schedule, 'broken', failure)
end
return 1

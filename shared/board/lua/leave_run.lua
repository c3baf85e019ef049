-- Put a run back. Arguments: schedule, slot, fence, ms until it is taken again, failure (JSON) or ''.
-- Returns 0 when another has it.
local name, slot = ARGV[2], ARGV[3]
even_when_full()
if not holds_run(name, slot, ARGV[4]) then
  return 0
end
redis.call('HSET', key('run', name, slot), 'state', 'waiting', 'failure', ARGV[6])
redis.call('ZADD', key('open_runs'), NOW + ARGV[5], run_member(name, slot))
return 1

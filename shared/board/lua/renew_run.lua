-- Keep a run. Arguments: schedule, slot, fence, lease in ms. Returns 0 when another has it.
even_when_full()
if not holds_run(ARGV[2], ARGV[3], ARGV[4]) then
  return 0
end
redis.call('ZADD', key('open_runs'), NOW + ARGV[5], run_member(ARGV[2], ARGV[3]))
return 1

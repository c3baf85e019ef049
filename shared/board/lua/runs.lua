-- Runs of schedules: who executes one, and how it is forgotten.

-- `schedule/slot`, as the set of open runs names a run; names of schedules hold no slash.
local function run_member(name, slot)
  return name .. '/' .. slot
end

-- Whether a run is being executed under this very fence; one that ended or was put back is not.
local function holds_run(name, slot, fence)
  local fields = redis.call('HMGET', key('run', name, slot), 'state', 'fence')
  return fields[1] == 'running' and fields[2] == fence
end

local function forget_run(name, slot)
  redis.call('ZREM', key('open_runs'), run_member(name, slot))
  redis.call('ZREM', key('runs', name), slot)
  redis.call('DEL', key('run', name, slot))
end

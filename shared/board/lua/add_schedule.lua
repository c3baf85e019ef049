-- Keep a schedule. Arguments: name, record (JSON), 1 to replace one of this name. Returns 0 when the
-- name is taken by another, else 1.
local name, text = ARGV[2], ARGV[3]
local schedule = key('schedule', name)
local present = redis.call('HGET', schedule, 'record')
if present and present ~= text and ARGV[4] == '0' then
  return 0
end
refuse_when_full()
redis.call('HSET', schedule, 'record', text, 'since', NOW)
redis.call('HDEL', schedule, 'broken')
redis.call('SADD', key('schedules'), name)
return 1

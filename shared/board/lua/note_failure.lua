-- Count a failure of some sources: those that had too many in the window have to wait. Arguments:
-- most failures, window in ms, most sources to remember, then the sources.
-- Returns the ms to wait, 0 where nobody has to. What is not looked at is not counted either.
local most, window, sources = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function forget(source)
  redis.call('ZREM', key('failing'), source)
  redis.call('DEL', key('failures', source))
end

local function count(source)
  redis.call('LPUSH', key('failures', source), string.format('%.0f', NOW))
  redis.call('LTRIM', key('failures', source), 0, most - 1)
  redis.call('ZADD', key('failing'), NOW, source)
end

local wait = 0
for position = 5, #ARGV do
  local times = redis.call('LRANGE', key('failures', ARGV[position]), 0, most - 1)
  if #times == most then
    wait = math.max(wait, times[most] + window - NOW)
  end
end
if wait > 0 then
  return wait
end

even_when_full()
for _, old in ipairs(redis.call('ZRANGEBYSCORE', key('failing'), '-inf', NOW - window, 'LIMIT', 0, 100)) do
  forget(old)
end
for position = 5, #ARGV do
  count(ARGV[position])
end
for _, oldest in ipairs(redis.call('ZRANGE', key('failing'), 0, -sources - 1)) do
  forget(oldest)
end
return 0

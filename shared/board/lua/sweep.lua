-- Put back what time has released, in a bounded slice. Arguments: claims without an end after
-- which an item is poison, the failure's code and JSON, limit, grace in ms.
-- Returns {expired, poisoned, due, cancelled}.
local most, code, failure, limit = tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
local expired, poisoned, due, cancelled = 0, 0, 0, 0

local function put_back(batch, number)
  local counts = redis.call('HMGET', key('item', batch, number), 'deliveries', 'retries')
  if batch_field(batch, 'cancelled') then
    move(batch, number, 'cancelled')
    cancelled = cancelled + 1
  elseif tonumber(counts[1]) - tonumber(counts[2] or 0) >= most then
    fail(batch, number, code, failure)
    poisoned = poisoned + 1
  else
    move(batch, number, 'queued')
    wait(batch, number)
    expired = expired + 1
  end
end

-- While Redis is there, sweeps follow each other within a second. In a longer gap (it was away or
-- frozen, or its clock jumped ahead) no owner could renew: leases that ran out in it, or are about to,
-- get a grace. A clock that went back takes leases and retries along.
local GAP = 2000

local function mend_time(grace)
  local stored = redis.call('GET', key('swept'))
  local last = tonumber(stored or NOW)
  local passed = NOW - last
  if passed > GAP then
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', key('claims'), last, NOW + grace)) do
      redis.call('ZADD', key('claims'), NOW + grace, name)
    end
  elseif passed < -GAP then
    for _, kind in ipairs({'claims', 'delayed'}) do
      for _, name in ipairs(redis.call('ZRANGE', key(kind), 0, -1)) do
        redis.call('ZINCRBY', key(kind), passed, name)
      end
    end
  end
  if not stored or passed >= 1000 or passed < 0 then
    redis.call('SET', key('swept'), NOW)
  end
end

-- A window that has opened: its batch takes part in its lane's round.
local function open_windows()
  for _, batch in ipairs(redis.call('ZRANGEBYSCORE', key('windows'), '-inf', NOW)) do
    redis.call('ZREM', key('windows'), batch)
    if redis.call('ZCARD', key('waiting', batch)) > 0 then
      join_lane(batch)
    end
  end
end

even_when_full()
open_windows()
mend_time(tonumber(ARGV[6]))
local ended = redis.call('ZRANGEBYSCORE', key('claims'), '-inf', NOW, 'LIMIT', 0, limit)
for _, name in ipairs(ended) do
  put_back(split(name))
end

local ready = redis.call('ZRANGEBYSCORE', key('delayed'), '-inf', NOW, 'LIMIT', 0, limit)
for _, name in ipairs(ready) do
  redis.call('ZREM', key('delayed'), name)
  wait(split(name))
  due = due + 1
end
return {expired, poisoned, due, cancelled}

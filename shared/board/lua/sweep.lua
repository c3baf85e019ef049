-- Put back what time has released, in a bounded slice. Arguments: claims without an end after
-- which an item is poison, the failure's code and JSON, limit.
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

-- Choose what to publish: lost messages again, then fresh items by lane and fair share.
-- Arguments: window per lane, age in ms after which a message may be lost, messages that the
-- broker still has (-1: unknown), limit, then the lanes, first served first.
-- Returns batch, number, lane, batch, number, lane, …
local window, age, backlog = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local limit = tonumber(ARGV[5])
local taken, count = {}, 0
refuse_when_full()

local function publish(lane, batch, number)
  redis.call('ZADD', key('published', lane), NOW, member(batch, number))
  taken[#taken + 1] = batch
  taken[#taken + 1] = number
  taken[#taken + 1] = lane
  count = count + 1
end

-- While the broker has a message for every published item, an old one only waits its turn:
-- publishing it again would let the queue grow without end behind slow workers.
local function missing()
  if backlog < 0 then
    return limit
  end
  local published = 0
  for position = 6, #ARGV do
    published = published + redis.call('ZCARD', key('published', ARGV[position]))
  end
  return published - backlog
end

local function publish_again(lane, most)
  if most <= 0 then
    return 0
  end
  local old = redis.call('ZRANGEBYSCORE', key('published', lane), '-inf', NOW - age,
    'LIMIT', 0, most)
  for _, name in ipairs(old) do
    publish(lane, split(name))
  end
  return #old
end

-- The next item that a batch gives out; nothing where its pilot is out, or its window has closed.
local function pop(batch)
  local next = redis.call('ZRANGE', key('waiting', batch), 0, 0, 'WITHSCORES')
  local is_pilot = #next > 0 and tonumber(next[2]) < 0
  if #next == 0 or is_halted(batch) or not is_pilot and batch_field(batch, 'pilot') then
    return false
  end
  redis.call('ZREM', key('waiting', batch), next[1])
  return next[1]
end

-- One turn of stride scheduling: the batch with the least turn gives its first waiting item.
local function publish_next(lane)
  local first = redis.call('ZRANGE', key('lane', lane), 0, 0, 'WITHSCORES')
  if #first == 0 then
    return false
  end
  local batch, turn = first[1], tonumber(first[2])
  local popped = pop(batch)
  if not popped then
    redis.call('ZREM', key('lane', lane), batch)
    redis.call('HSET', key('batch', batch), 'turn', turn)
    return true
  end
  publish(lane, batch, popped)
  redis.call('HSET', key('turns'), lane, turn)
  redis.call('ZADD', key('lane', lane), turn + STRIDE / batch_field(batch, 'weight'), batch)
  return true
end

local most = math.min(missing(), limit)
for position = 6, #ARGV do
  most = most - publish_again(ARGV[position], most)
end
for position = 6, #ARGV do
  local lane = ARGV[position]
  while count < limit and redis.call('ZCARD', key('published', lane)) < window
    and publish_next(lane) do
  end
end
return taken

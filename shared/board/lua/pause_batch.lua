-- Pause or resume a batch. Arguments: batch, 1 or 0. Returns 0 for no such batch.
local batch = ARGV[2]
local record = key('batch', batch)
even_when_full()
local lane = redis.call('HGET', record, 'lane')
if not lane then
  return 0
end
if ARGV[3] == '0' then
  redis.call('HDEL', record, 'paused')
  if redis.call('ZCARD', key('waiting', batch)) > 0 then
    join_lane(batch)
  end
  return 1
end
redis.call('HSET', record, 'paused', 1)
redis.call('ZREM', key('lane', lane), batch)
-- Its published items leave the window to others at once.
for _, name in ipairs(redis.call('ZRANGE', key('published', lane), 0, -1)) do
  local of, number = split(name)
  if of == batch then
    redis.call('ZREM', key('published', lane), name)
    redis.call('ZADD', key('waiting', batch), number, number)
  end
end
return 1

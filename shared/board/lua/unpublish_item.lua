-- A result whose approval was taken back lies in staging again, and there alone. Arguments: batch,
-- number, what is held (JSON). Returns 1, or 0 where it does not wait any more; twice is once.
local batch, number, held = ARGV[2], ARGV[3], ARGV[4]
local item = key('item', batch, number)
even_when_full()
redis.call('ZREM', key('unpublishing'), member(batch, number))
local what = redis.call('HGET', item, 'unpublishing')
redis.call('HDEL', item, 'unpublishing')
if state_of(batch, number) ~= 'held' then
  return 0
end
-- Of what was never published the board has all that is held.
if what == 'copies' then
  return 1
end
if what then
  redis.call('HSET', key('outcomes', batch), number, held)
  note_change(batch, number)
end
return redis.call('HGET', key('outcomes', batch), number) == held and 1 or 0

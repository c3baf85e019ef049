-- Have the copies removed that were made of a result whose approval was taken back meanwhile.
-- Arguments: batch, number. Returns 1, or 0 where they count: it was approved anew.
local batch, number = ARGV[2], ARGV[3]
local item = key('item', batch, number)
even_when_full()
local fields = redis.call('HMGET', item, 'state', 'approved', 'stage')
if fields[1] == 'done' or fields[2] or fields[3] ~= 'result' then
  return 0
end
redis.call('HSETNX', item, 'unpublishing', 'copies')
redis.call('ZADD', key('unpublishing'), NOW, member(batch, number))
return 1

-- Ask for a taken item once more, directly before its files are copied or removed. Arguments:
-- 'publishing' or 'unpublishing', batch, number, end of the lease that it was taken under (ms), time
-- in ms that it is kept for. Returns 1, or 0 where it is not to be touched: somebody decided
-- otherwise, or another steward took it.
local kind, batch, number, lease = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[6])
local name = member(batch, number)
even_when_full()
local due = redis.call('ZSCORE', key(kind), name)
if not due or tonumber(due) ~= tonumber(ARGV[5]) then
  return 0
end
redis.call('ZADD', key(kind), NOW + lease, name)
if kind == 'publishing' then
  redis.call('HSET', key('item', batch, number), 'copying', 1)
end
return 1

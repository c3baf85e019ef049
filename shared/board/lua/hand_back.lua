-- Give a claimed item back. Arguments: batch, number, fence, delay in ms, whether the delivery
-- counts (1: as a retry, 0: not at all). Returns 1, or 0 when the claim is lost or cancelled.
local batch, number, delay = ARGV[2], ARGV[3], tonumber(ARGV[5])
even_when_full()
if not holds(batch, number, ARGV[4]) then
  return 0
end
if batch_field(batch, 'cancelled') then
  move(batch, number, 'cancelled')
  return 0
end
move(batch, number, 'queued')
local item = key('item', batch, number)
if ARGV[6] == '1' then
  redis.call('HINCRBY', item, 'retries', 1)
else
  redis.call('HINCRBY', item, 'deliveries', -1)
end
if delay > 0 then
  redis.call('ZADD', key('delayed'), NOW + delay, member(batch, number))
else
  wait(batch, number)
end
return 1

-- Make a filled batch visible to the dispatcher. Arguments: batch, 1 for whoever restores it.
-- Returns {found, total}, nothing for no such batch, 'restoring' where that is for another to do;
-- it is sealed when the two are equal.
local batch = ARGV[2]
local record = key('batch', batch)
local fields = redis.call('HMGET', record, 'total', 'restoring')
local total = tonumber(fields[1] or -1)
if total < 0 then
  return {}
end
if fields[2] and ARGV[3] ~= '1' then
  return 'restoring'
end
local found = redis.call('HLEN', key('specs', batch))
if found == total then
  redis.call('HSET', record, 'sealed', 1)
  if redis.call('HDEL', record, 'restoring') > 0 then
    redis.call('HSET', record, 'recovered', NOW)
  end
  note_window(batch)
  if redis.call('ZCARD', key('waiting', batch)) > 0 then
    join_lane(batch)
  elseif open_items(batch) == 0 then
    redis.call('SADD', key('ending'), batch)
  end
  count_anew(batch)
  -- Nothing but a promotion lets more items end than a pilot has.
  local ended = tonumber(batch_field(batch, 'base_ended'))
  if fields[2] and ended > tonumber(batch_field(batch, 'pilot') or ended) then
    redis.call('HDEL', record, 'pilot')
  end
  judge(batch)
end
return {found, total}

-- Note why an approved result is not where it belongs yet. Arguments: batch, number, the reason.
-- Returns 1, or 0 where nobody waits for it any more.
local batch, number, note = ARGV[2], ARGV[3], ARGV[4]
local item = key('item', batch, number)
even_when_full()
local fields = redis.call('HMGET', item, 'approved', 'note')
if not fields[1] then
  return 0
end
if fields[2] ~= note then
  redis.call('HSET', item, 'note', note)
  note_change(batch, number)
end
return 1

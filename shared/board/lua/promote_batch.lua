-- Let the rest of a batch follow its pilot. Argument: batch. Returns -1 for no such batch, 0 where it
-- has no pilot any more, else 1.
local batch = ARGV[2]
local fields = redis.call('HMGET', key('batch', batch), 'total', 'pilot')
even_when_full()
if not fields[1] then
  return -1
end
if not fields[2] then
  return 0
end
promote(batch)
return 1

-- Let a batch be worked on from one time to another. Arguments: batch, opens, closes (ms), 1 to do so
-- even before its present window is over. A new window counts its caps anew, and ends a pause for a
-- spent budget. Returns -1 for no such batch, 1 where the window is new, else 0.
local batch, opens, closes, forced = ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local record = key('batch', batch)
even_when_full()
local fields = redis.call('HMGET', record, 'total', 'closes', 'paused', 'sealed')
if not fields[1] then
  return -1
end
if fields[2] and NOW < tonumber(fields[2]) and not forced then
  return 0
end
redis.call('HSET', record, 'opens', opens, 'closes', closes)
if fields[4] then
  note_window(batch)
end
count_anew(batch)
if fields[3] == 'budget' then
  release(batch)
end
return 1

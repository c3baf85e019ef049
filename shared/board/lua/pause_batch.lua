-- Pause or resume a batch. Arguments: batch, 1 or 0. Returns 'unknown', 'pilot' where the rest of the
-- batch waits for its pilot's promotion, else 'set'.
local batch = ARGV[2]
even_when_full()
if redis.call('EXISTS', key('batch', batch)) == 0 then
  return 'unknown'
end
-- What waits for a promotion waits for it, whatever else a person says.
if batch_field(batch, 'paused') == 'pilot' then
  return ARGV[3] == '1' and 'set' or 'pilot'
end
if ARGV[3] == '1' then
  halt(batch, 'person', '')
  return 'set'
end
release(batch)
return batch_field(batch, 'paused') == 'pilot' and 'pilot' or 'set'

-- Take an ended batch off the board: at once all but its items' own hashes, which `clear_items`
-- removes. Arguments: batch, revision that it must have, latest end (ms) that is old enough, output
-- or '' for no entry in the index of retired batches, most entries of that index.
-- Returns 1, or 0 where it stays: it is not there, not ended, ended later or was retried.
local batch, revision, before, output = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local record = key('batch', batch)
even_when_full()
local fields = redis.call('HMGET', record, 'total', 'lane', 'revision', 'ended')
local due = redis.call('ZSCORE', key('ended'), batch)
if not fields[4] or not due or tonumber(due) > before or (fields[3] or '0') ~= revision
  or open_items(batch) > 0 then
  return 0
end

local function note_retired()
  redis.call('ZADD', key('retired'), fields[4], batch)
  redis.call('HSET', key('archive'), batch, output)
  for _ = 1, redis.call('ZCARD', key('retired')) - ARGV[6] do
    redis.call('HDEL', key('archive'), redis.call('ZPOPMIN', key('retired'))[1])
  end
end

-- First what an interrupted removal is continued by; the script is atomic, its items are not.
redis.call('HSET', key('retiring'), batch, fields[1])
if output ~= '' then
  note_retired()
end
redis.call('UNLINK', record)
for _, kind in ipairs({'specs', 'outcomes', 'waiting', 'changes', 'frozen', 'decisions', 'children'})
do
  redis.call('UNLINK', key(kind, batch))
end
for state in pairs(MOVES) do
  redis.call('UNLINK', key('in_state', batch, state))
end
for _, kind in ipairs({'batches', 'ended', 'windows', 'settled'}) do
  redis.call('ZREM', key(kind), batch)
end
for _, kind in ipairs({'ending', 'unended', 'cancelling'}) do
  redis.call('SREM', key(kind), batch)
end
redis.call('ZREM', key('lane', fields[2]), batch)
return 1

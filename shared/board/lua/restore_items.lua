-- Put back a slice of ended or held items into a batch that is not sealed. Arguments: batch, then for
-- each item number, record, state, outcome (JSON) or '', code or '', deliveries, retries, owner or '',
-- time of its claim (ms) or '', of what is held its stage or '', the gate's score or '', its reasons
-- or ''. An item that is there already stays as it is. Returns how many were taken, -1 for no such
-- batch. From queued to an end is no move of the table: before the seal nobody has claimed anything,
-- and this is how an item comes to be where it was.
local batch = ARGV[2]
local record = key('batch', batch)
local fields = redis.call('HMGET', record, 'total', 'sealed')
local total = tonumber(fields[1] or -1)
if total < 0 or fields[2] then
  return math.min(total, 0)
end

local function note_begin(moment)
  local first = redis.call('HGET', record, 'first_claim')
  if not first or tonumber(moment) < tonumber(first) then
    redis.call('HSET', record, 'first_claim', moment)
  end
end

local function restore(number, spec, state, outcome, code, deliveries, retries, owner, begun,
    stage, score, why)
  redis.call('HSET', key('specs', batch), number, spec)
  local item = key('item', batch, number)
  redis.call('HSET', item, 'deliveries', deliveries, 'retries', retries)
  local told = {code = code, owner = owner, stage = stage, score = score, why = why}
  for field, value in pairs(told) do
    if value ~= '' then
      redis.call('HSET', item, field, value)
    end
  end
  change(batch, number, 'queued', state)  -- which counts what is flagged
  if outcome ~= '' then
    redis.call('HSET', key('outcomes', batch), number, outcome)
  end
  if begun ~= '' then
    note_begin(begun)
  end
end

local taken = 0
for position = 3, #ARGV, 12 do
  local number, state = ARGV[position], ARGV[position + 2]
  local counts = tonumber(number) < total and (FINAL[state] or state == 'held')
  if counts and state_of(batch, number) == 'queued' then
    restore(unpack(ARGV, position, position + 11))
    taken = taken + 1
  end
end
return taken

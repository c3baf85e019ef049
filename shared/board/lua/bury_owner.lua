-- End every claim of a process that died, now. Arguments: owner, strikes at which an item is
-- poison, the failure's code and JSON, then batch, number, fence of each suspect: what may have
-- killed it. A suspect gets a strike; whatever else it had claimed was never given to it.
-- Returns {back, struck, poisoned, cancelled}.
local owner, most, code, failure = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local back, struck, poisoned, cancelled = 0, 0, 0, 0
even_when_full()

local suspects = {}
for position = 6, #ARGV, 3 do
  -- By fence: the same item may also be named under a claim that was lost long ago.
  suspects[member(ARGV[position], ARGV[position + 1]) .. '/' .. ARGV[position + 2]] = true
end

local function put_back(batch, number)
  move(batch, number, 'queued')
  wait(batch, number)
end

local function strike(batch, number, item)
  if redis.call('HINCRBY', item, 'strikes', 1) >= most then
    fail(batch, number, code, failure)
    poisoned = poisoned + 1
  else
    put_back(batch, number)
    struck = struck + 1
  end
end

local function bury(name)
  local batch, number = split(name)
  local item = key('item', batch, number)
  if batch_field(batch, 'cancelled') then
    move(batch, number, 'cancelled')
    cancelled = cancelled + 1
  elseif suspects[name .. '/' .. redis.call('HGET', item, 'fence')] then
    strike(batch, number, item)
  else
    put_back(batch, number)
    redis.call('HINCRBY', item, 'deliveries', -1)
    back = back + 1
  end
end

for _, name in ipairs(redis.call('SMEMBERS', key('owned', owner))) do
  bury(name)
end
return {back, struck, poisoned, cancelled}

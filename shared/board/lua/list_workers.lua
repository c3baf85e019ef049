-- Every worker's owner, facts (JSON), time (ms) and claims, and last the time now.
local rows = {}
local seen = redis.call('ZRANGE', key('seen'), 0, -1, 'WITHSCORES')
for position = 1, #seen, 2 do
  local owner = seen[position]
  local facts = redis.call('HGET', key('workers'), owner)
  local claims = redis.call('SMEMBERS', key('owned', owner))
  rows[#rows + 1] = {owner, facts or '{}', seen[position + 1], claims}
end
rows[#rows + 1] = string.format('%.0f', NOW)
return rows

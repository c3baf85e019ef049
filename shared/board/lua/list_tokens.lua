-- Every token. Returns per token its id and its fields, and at last the time.
local names, rows = redis.call('HGETALL', key('token_names')), {}
for position = 2, #names, 2 do
  rows[#rows + 1] = {names[position], redis.call('HGETALL', key('token', names[position]))}
end
rows[#rows + 1] = string.format('%.0f', NOW)
return rows

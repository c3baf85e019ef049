-- Keep messages that nobody could read. Arguments: how many to keep, then one text per message.
for position = 3, #ARGV do
  redis.call('LPUSH', key('dead'), string.format('%.0f %s', NOW, ARGV[position]))
end
redis.call('LTRIM', key('dead'), 0, ARGV[2] - 1)

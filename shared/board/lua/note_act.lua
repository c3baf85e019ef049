-- Add a line to the audit log, of which the newest are kept. Arguments: JSON, how many to keep.
even_when_full()
redis.call('LPUSH', key('audit'), string.format('%.0f %s', NOW, ARGV[2]))
redis.call('LTRIM', key('audit'), 0, ARGV[3] - 1)

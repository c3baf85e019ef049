"""The report of a batch: what became of it, as `report.json` and as one page, `report.html`.

`tally` looks at each item once, `making` sums up, `pictures` fetches a sample, `page` draws and
`writing` puts both files beside the batch's results.
"""

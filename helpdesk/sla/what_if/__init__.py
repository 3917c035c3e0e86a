"""The last weeks of a department played again with something changed. Pure: values in, values out, no clock.

`hours` count working time in arrays, `past` takes what happened apart into work and waiting, `queue` plays it again,
`comparing` says how it would have been and how sure that is.
"""

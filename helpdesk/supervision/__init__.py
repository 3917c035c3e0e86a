"""Starting, watching and stopping the programs that make up a running Relais. Standard library only.

`children` is one program, `keeping` all of them together, `redis` the bundled Redis, `claims` what one
running Relais holds alone (its data folder, its port), `interruptions` the signals that end it.
"""

"""The benchmarks of Relais, each a program: `bin/relais bench NAME`."""

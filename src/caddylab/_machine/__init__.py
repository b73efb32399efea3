"""The machine that a lab runs on: environment, ports, files, threads and waiting."""

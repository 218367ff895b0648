"""`python -m radistill`."""

from radistill.cli import main

main()

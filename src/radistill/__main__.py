"""`python -m radistill`."""

from radistill.cli import main

if __name__ == "__main__":  # processes that train beside this one import it
    main()

"""`python -m tests.restarting …`: runs `python …` again and again, as the supervisor does with a child that ends."""

import subprocess
import sys
import time

PAUSE_SECONDS = 0.5

if __name__ == "__main__":
    while True:
        subprocess.run([sys.executable, *sys.argv[1:]], check=False)
        time.sleep(PAUSE_SECONDS)

"""One of the processes of `bench.single_flight`: says `ready`, waits for a line, then asks the same from several threads."""

import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from accounts.models import User  # noqa: E402
from bench.overhead import build_request  # noqa: E402
from triage.models import Feature  # noqa: E402
from triage.services import gateway  # noqa: E402
from triage.services.gateway import About  # noqa: E402


def ask(text: str) -> str:
    request = build_request(text)
    by, about = User.objects.system(), About("ticket", "1")
    return gateway.ask(request, feature=Feature.CLASSIFY, by=by, about=about).obtained


if __name__ == "__main__":
    text, count = sys.argv[1], int(sys.argv[2])
    User.objects.system()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(count) as threads:
        for obtained in threads.map(ask, [text] * count):
            sys.stdout.write(f"{obtained}\n")

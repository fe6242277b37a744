"""What a killed owner left behind, and data or folders that cannot be used."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from config.embedded import EmbeddedError, place, servers
from config.embedded.account import Switch, find_account
from config.embedded.process import find_identity
from tests.integration.embedded.cases import (
    Owner,
    find_socket_folder,
    is_served,
    read_setting,
    wait_until_gone,
)


def test_servers_of_a_killed_owner_go_and_their_sockets_too(root: Path) -> None:
    owner = Owner(root)
    owner.kill()

    wait_until_gone([*owner.pids, owner.watchdog], seconds=8)

    assert not find_socket_folder(owner.urls).exists()


def test_what_a_killed_watchdog_left_is_cleaned_up_by_the_next(root: Path) -> None:
    owner = Owner(root)
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()

    with servers(root=root) as urls:
        assert is_served(urls)
        assert not [pid for pid in owner.pids if find_identity(pid)]

    assert not find_socket_folder(owner.urls).exists()


def test_even_without_a_list_strays_of_this_data_are_found(root: Path) -> None:
    owner = Owner(root)
    (root / "var" / "run" / "roster.json").unlink()
    os.kill(owner.watchdog, signal.SIGKILL)
    owner.kill()

    with servers(root=root) as urls:
        assert is_served(urls)

    wait_until_gone(owner.pids, seconds=1)
    shutil.rmtree(find_socket_folder(owner.urls))


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(root: Path) -> None:
    with servers(root=root) as urls:
        data = Path(read_setting(urls, "data_directory"))
        owner = data.stat()
        content = (data / "postmaster.pid").read_text().splitlines()
    # A process of the same account with the id that the file names.
    switch: Switch = find_account(owner.st_uid).switch if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["sleep", "30"], cwd="/", **switch)
    try:
        (data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *content[1:]]))

        with servers(root=root) as urls:
            assert is_served(urls)

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_set_up_cut_short_is_done_again(root: Path) -> None:
    unfinished = root / "var" / "postgres-unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with servers(root=root) as urls:
        assert is_served(urls)


def test_data_of_another_version_is_refused_in_words(root: Path) -> None:
    with servers(root=root) as urls:
        data = Path(read_setting(urls, "data_directory"))
    (data / "PG_VERSION").write_text("12\n")

    with pytest.raises(EmbeddedError, match="is PostgreSQL 12's, the installed one is") as caught:
        servers(root=root).__enter__()

    assert "\n" not in str(caught.value)


def test_a_server_that_cannot_start_gives_its_own_reason(root: Path) -> None:
    with servers(root=root) as urls:
        data = Path(read_setting(urls, "data_directory"))
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("wal_segment_count = many\n")

    with pytest.raises(EmbeddedError, match=r"PostgreSQL ended with exit code 1: .*FATAL"):
        servers(root=root).__enter__()


def test_a_folder_that_cannot_be_written_ends_in_one_line(root: Path) -> None:
    (root / "var").write_text("in the way")

    with pytest.raises(EmbeddedError, match=r"^cannot use the state folder: .*var: ") as caught:
        servers(root=root).__enter__()

    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_checkout_ends_in_one_line(root: Path) -> None:
    root.chmod(0o500)
    try:
        with pytest.raises(EmbeddedError, match=r"cannot use the state folder: .*denied"):
            servers(root=root).__enter__()
    finally:
        root.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has data elsewhere")
class TestAsRoot:
    def test_data_that_the_account_cannot_reach_lies_elsewhere(self, root: Path) -> None:
        root.chmod(0o700)
        with servers(root=root) as urls:
            data = Path(read_setting(urls, "data_directory"))

        location = Path((root / "var" / "postgres-location").read_text().strip())
        assert data.is_relative_to(location)
        assert location.parent == Path("/var/tmp")
        assert (location.stat().st_uid, stat.S_IMODE(location.stat().st_mode)) == (0, 0o711)
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert data.stat().st_uid != 0
        assert root.stat().st_mode & 0o077 == 0

    def test_a_folder_planted_by_another_user_is_refused(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(place, "PERSISTENT", root)
        planted = place.make_persistent(root / "checkout")
        os.chown(planted, pwd.getpwnam("nobody").pw_uid, -1)

        with pytest.raises(EmbeddedError, match="not safe to use"):
            place.make_persistent(root / "checkout")

    def test_a_planted_link_is_refused(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(place, "PERSISTENT", root)
        planted = place.make_persistent(root / "checkout")
        planted.rename(root / "elsewhere")
        planted.symlink_to(root / "elsewhere")

        with pytest.raises(EmbeddedError, match="not safe to use"):
            place.make_persistent(root / "checkout")

"""Two who push at once lose no line of each other, wherever one comes between the other's steps."""

from types import SimpleNamespace

import pytest

from bonafide.errors import UserError
from bonafide.sharing import lists
from bonafide.sharing.lists import Content

localfs = pytest.importorskip("dvc.fs").localfs
A, B, C = ({name * 64: Content(name * 32, 1, name == "a")} for name in "abc")


class Steps:
    """The file system of a remote, which does something else before its step number `at`."""

    def __init__(self, at, between):
        self.at, self.between, self.done = at, between, 0
        self.fs = SimpleNamespace(invalidate_cache=localfs.fs.invalidate_cache, ls=self.step(localfs.fs.ls))

    def __getattr__(self, name):
        inner = getattr(localfs, name)
        return self.step(inner) if name in ("get_file", "put_file", "move", "remove") else inner

    def step(self, inner):
        def counted(*arguments, **options):
            self.done += 1
            if self.done == self.at:
                self.between()
            return inner(*arguments, **options)

        return counted


class Remote:
    """A remote of DVC's in a folder."""

    def __init__(self, path, fs=localfs):
        self.fs, self.path, self.name = fs, str(path), "storage"


def stepwise(tmp_path, act, between):
    """Let `act` work on a remote that knows C, with `between` before each of its steps in turn; yield what is left."""
    at = done = 0
    while at <= done:
        at += 1
        plain = Remote(tmp_path / str(at))
        lists.add(plain, C)
        steps = Steps(at, lambda plain=plain: between(plain))
        result = act(Remote(plain.path, steps))
        done = steps.done
        yield plain, result
    assert at > 2


def test_two_pushes_at_once_leave_the_lines_of_both_and_the_next_one_makes_one_list(tmp_path):
    for plain, _ in stepwise(tmp_path, lambda remote: lists.add(remote, A), lambda plain: lists.add(plain, B)):
        assert lists.contents(plain).keys() >= {*A, *C}
        lists.add(plain, B)
        assert lists.contents(plain) == A | B | C
        assert len(list((tmp_path / plain.path / lists.FOLDER).iterdir())) == 1


def test_both_lines_are_there_before_anything_is_pushed_again(tmp_path):
    states = [
        lists.contents(plain)
        for plain, _ in stepwise(tmp_path, lambda remote: lists.add(remote, A), lambda plain: lists.add(plain, B))
    ]
    assert states[:-1] == [A | B | C] * (len(states) - 1) and states[-1] == A | C  # before the last, B came between


def test_two_who_push_the_same_at_once_leave_it_once(tmp_path):
    for plain, _ in stepwise(tmp_path, lambda remote: lists.add(remote, A), lambda plain: lists.add(plain, A)):
        assert lists.contents(plain) == A | C
        assert len(list((tmp_path / plain.path / lists.FOLDER).iterdir())) == 1


def test_who_reads_while_another_pushes_misses_nothing_that_was_there(tmp_path):
    for _, rows in stepwise(tmp_path, lists.contents, lambda plain: lists.add(plain, A)):
        assert rows.items() >= C.items()
    rows = []
    for _ in stepwise(
        tmp_path / "2", lambda remote: lists.add(remote, A), lambda plain: rows.append(lists.contents(plain))
    ):
        assert not rows or rows[-1].items() >= C.items()


def test_a_push_that_breaks_off_leaves_what_was_there_and_no_half_of_a_list(tmp_path):
    def broken():
        raise ConnectionError("the server went away\nrequest 4711")

    plain = Remote(tmp_path)
    lists.add(plain, C)
    for at in (1, 2, 3, 4):
        with pytest.raises(UserError, match=r"the remote storage cannot be (read|written): the server went away$"):
            lists.add(Remote(tmp_path, Steps(at, broken)), A)
        assert lists.contents(plain) == C
    lists.add(Remote(tmp_path, Steps(5, broken)), A)  # an old list that stays says nothing wrong
    assert lists.contents(plain) == A | C


def test_damaged_lines_are_left_out_and_lists_that_vanish_for_ever_end_in_a_sentence(tmp_path):
    plain = Remote(tmp_path)
    lists.add(plain, C)
    (path,) = (tmp_path / lists.FOLDER).iterdir()
    with path.open("a") as file:
        file.write("e,e,e\n" + "e" * 64 + ",../../x,1,yes\n")
    assert lists.contents(plain) == C
    path.unlink()
    path.symlink_to("nowhere")
    with pytest.raises(UserError, match="they are named, and not there"):
        lists.contents(plain)

"""What is computed ahead comes in order, raises what it raises, and is not computed much too early."""

import threading

import pytest

from bonafide.training.ahead import ahead


def test_items_come_in_their_order_from_another_thread():
    threads = []

    def items():
        for number in range(20):
            threads.append(threading.current_thread())
            yield number

    assert list(ahead(items(), 3)) == list(range(20))
    assert threading.current_thread() not in threads


def test_an_error_is_raised_where_its_item_would_come():
    def items():
        yield 1
        raise ValueError("no more")

    heard = ahead(items(), 3)
    assert next(heard) == 1
    with pytest.raises(ValueError, match="no more"):
        next(heard)


def test_no_more_than_asked_for_is_computed_and_no_thread_stays():
    done = []
    heard = ahead((done.append(number) or number for number in range(100)), 3)
    assert next(heard) == 0
    heard.close()
    assert len(done) <= 5
    assert threading.active_count() == 1 or not any("ThreadPool" in each.name for each in threading.enumerate())

"""Changes of the room, each told once."""

from lab.room_people import People
from p2p.room import events as e
from p2p.room.news import News
from p2p.room.ops import kinds


def told(news: News) -> list[e.Event]:
    return list(iter(news.next, None))


def test_each_change_is_told_once_and_in_order():
    people = People(0)
    news = News()
    assert news.is_told
    news.observe(people.state())
    assert told(news) != []
    people.write(0, kinds.Topic, "tea", ())
    people.write(0, kinds.Lock, True)
    news.observe(people.state())
    assert not news.is_told
    assert told(news) == [e.LockChanged(True), e.TopicChanged("tea")]
    assert news.is_told
    assert news.next() is None


def test_a_state_that_is_the_same_is_no_news():
    people = People(0)
    state = people.state()
    news = News()
    news.observe(state)
    told(news)
    news.observe(state)
    news.observe(people.state())
    assert told(news) == []


def test_what_was_not_told_yet_comes_before_what_changes_then():
    people = People(0)
    news = News()
    news.observe(people.state())
    told(news)
    for locked in (True, False):
        people.write(0, kinds.Lock, locked)
        news.observe(people.state())
    assert told(news) == [e.LockChanged(True), e.LockChanged(False)]

from p2p.relay.metrics import Metrics, Summary, rounded


def test_counts_are_rounded_up_to_eights() -> None:
    assert [rounded(n) for n in (0, 1, 8, 9)] == [0, 8, 8, 16]


def test_the_page_has_every_number_in_the_format_of_prometheus() -> None:
    metrics = Metrics(links=3, rooms=1, attached=9, dht_peers=17, bytes_in=1, bytes_out=70_000)
    metrics.frames = 50
    metrics.rejected["over the rate"] = 2
    text = metrics.as_text()
    values = dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    assert values == {
        "teahouse_relay_links": "8",
        "teahouse_relay_rooms": "8",
        "teahouse_relay_attached": "16",
        "teahouse_relay_dht_peers": "24",
        "teahouse_relay_draining": "0",
        'teahouse_relay_bytes_total{dir="in"}': "65536",
        'teahouse_relay_bytes_total{dir="out"}': "131072",
        "teahouse_relay_frames_total": "56",
        'teahouse_relay_rejected_total{reason="over_the_rate"}': "8",
        'teahouse_relay_build_info{protocol="4"}': "1",
    }
    named = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert named == {name.partition("{")[0] for name in values}


def test_a_relay_is_well_unless_it_stops_or_finds_nobody() -> None:
    assert Metrics().ill == ""  # the first of its network
    assert Metrics(knows_entry_nodes=True).ill == "no entry node answers"
    assert Metrics(knows_entry_nodes=True, dht_peers=1).ill == ""
    assert Metrics(draining=True, dht_peers=1).ill == "draining"


def test_the_summary_says_what_was_done_since_the_last() -> None:
    metrics = Metrics(links=3, bytes_out=10**6)
    summary = Summary(metrics)
    metrics.bytes_out, metrics.bytes_in = 3 * 10**6, 1500
    said = "in the last 1 h: <=8 links, <=0 rooms, 2.0 MB up, 1.5 kB down"
    assert summary.line(3600.0) == said
    assert summary.line(3600.0).endswith("0 B up, 0 B down")

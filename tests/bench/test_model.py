from bench.model import results


def test_with_all_rules_no_frame_is_opened_and_without_any_one_an_attack_is_found():
    found = results()
    assert found.pop("none").attack == ()
    assert {name for name, one in found.items() if one.attack} == set(found)
    assert set(found) == {"admission", "fail_closed", "roster_only", "chain"}


def test_without_the_rule_of_admission_a_ghost_lets_itself_in():
    attack = results()["admission"].attack
    assert any("join ghost" in step for step in attack)

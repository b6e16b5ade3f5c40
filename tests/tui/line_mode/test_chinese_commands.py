import re

import pytest

from p2p.api import commands as ask
from p2p.errors import UserError
from tests.tui.scripted import run_room
from tui.commands.row import Question
from tui.commands.table import READERS
from tui.i18n import tr, use_language
from tui.line_mode.chinese_commands import COMMANDS, in_english
from tui.line_mode.typed_commands import understand

VIEW = run_room("host")


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("麦克风 开", ask.SetMic(True)),
        ("麦克风开", ask.SetMic(True)),
        ("麥克風關", ask.SetMic(False)),
        ("麦克风\u3000关", ask.SetMic(False)),
        ("举手", ask.RaiseHand()),
        ("舉手", ask.RaiseHand()),
        ("放下手", ask.LowerHand()),
        ("谢绝", ask.Decline()),
        ("下台", ask.GoToAudience()),
        ("谁", Question("who")),
        ("谁举手", Question("hands")),
        ("禁言 王小明", ask.Mute(1)),
        ("禁言王小明", ask.Mute(1)),
        ("禁言 全部", ask.MuteAll()),
        ("全部禁言", ask.MuteAll()),
        ("接受1", ask.AcceptHand(6)),
        ("锁门", ask.SetLock(True)),
        ("开门", ask.SetLock(False)),
        ("换密钥", ask.NewKey()),
        ("延迟 短", ask.SetLowDelay(True)),
        ("换设备 麦克风 耳机", ask.UseDevice("mic", "耳机")),
        ("换设备 扬声器 default", ask.UseDevice("speaker", "default")),
        ("说 你好", ask.Say("你好")),
        ("离开", ask.Leave()),
    ],
)
def test_a_command_may_be_typed_in_chinese(line, meaning):
    assert understand(line, VIEW) == meaning


@pytest.mark.parametrize(
    ("line", "english"),
    [
        ("请出 3 换密钥", "remove 3 new key"),
        ("任命 3 副房主", "promote 3 co-host"),
        ("任命小李主持人", "promote 小李 moderator"),
        ("安全码 3 相同", "words 3 same"),
        ("进门 凭邀请", "entry invited"),
        ("声音 大房间", "profile hall"),
        ("弃用中继 1", "drop relay 1"),
        ("邀请 3 24", "invite 3 24"),
        ("回声 自动", "echo auto"),
        ("mute 全部", "mute 全部"),
        ("kick 3", "kick 3"),
    ],
)
def test_what_stands_around_a_command_stays(line, english):
    assert in_english(line) == english


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_what_the_help_offers_is_understood(language):
    use_language(language)
    try:
        offered = tr("Commands are understood in Chinese, too.").partition("：")[2]
    finally:
        use_language("en")
    lines = offered.rstrip("。").split("、")
    assert len(lines) > 20
    for line in lines:
        assert in_english(line).partition(" ")[0] in READERS, line
        assert re.search("[\u4e00-\u9fff]", in_english(line).replace("你好", "")) is None


def test_every_command_has_a_chinese_word():
    assert {command.partition(" ")[0] for command in COMMANDS} == set(READERS)


def test_a_name_in_front_is_no_command():
    with pytest.raises(UserError) as caught:
        understand("王小明", VIEW)
    assert caught.value.code == "unknown_command"

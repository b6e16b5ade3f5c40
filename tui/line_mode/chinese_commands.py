"""Commands of the line mode as readers of Chinese type them: in either script, spaces or none."""

COMMANDS = {
    "mic": ("麦克风", "麥克風"),
    "hand": ("举手", "舉手"),
    "lower": ("放下手", "放下"),
    "no": ("谢绝", "謝絕"),
    "audience": ("下台", "下臺"),
    "who": ("谁在场", "誰在場", "谁", "誰"),
    "hands": ("谁举手", "誰舉手", "谁想发言", "誰想發言"),
    "help": ("帮助", "幫助"),
    "accept": ("接受",),
    "mute": ("禁言",),
    "mute all": ("全部禁言",),
    "down": ("移到听众席", "移到聽眾席"),
    "remove": ("请出", "請出"),
    "promote": ("任命",),
    "let": ("放行",),
    "deny": ("拒绝", "拒絕"),
    "lock": ("锁门", "鎖門", "锁", "鎖"),
    "unlock": ("开门", "開門"),
    "entry": ("进门", "進門"),
    "invite": ("邀请", "邀請"),
    "new key": ("换密钥", "換金鑰"),
    "speak anyway": ("仍要说话", "仍要說話"),
    "profile": ("声音", "聲音"),
    "words": ("安全码", "安全碼"),
    "devices": ("设备", "設備", "裝置"),
    "device": ("换设备", "換設備", "換裝置"),
    "volume": ("音量",),
    "hush": ("不听", "不聽"),
    "unhush": ("再听", "再聽"),
    "say": ("说", "說"),
    "cues": ("提示音",),
    "echo": ("回声", "回聲"),
    "relay": ("中继", "中繼"),
    "drop relay": ("弃用中继", "棄用中繼"),
    "delay": ("延迟", "延遲"),
    "key": ("钥匙", "鑰匙"),
    "stats": ("统计", "統計"),
    "leave": ("离开", "離開"),
}
_SWITCH: dict[str, tuple[str, ...]] = {"on": ("开", "開"), "off": ("关", "關")}
_ENDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "mic": _SWITCH,
    "cues": _SWITCH,
    "echo": {**_SWITCH, "auto": ("自动", "自動")},
    "delay": {"low": ("短",), "full": ("全",)},
    "profile": {"table": ("小房间", "小房間"), "hall": ("大房间", "大房間")},
    "entry": {
        "open": ("凭钥匙", "憑鑰匙"),
        "ask": ("先问", "先問"),
        "invited": ("凭邀请", "憑邀請"),
    },
    "mute": {"all": ("全部",)},
    "remove": {"new key": ("换密钥", "換金鑰")},
    "promote": {
        "co-host": ("副房主",),
        "moderator": ("主持人",),
        "speaker": ("发言者", "發言者"),
    },
    "words": {"same": ("相同",), "differ": ("不同",)},
}
_BEGINNINGS = {word: command for command, words in COMMANDS.items() for word in words}
_DEVICES = {"麦克风": "mic", "麥克風": "mic", "扬声器": "speaker", "揚聲器": "speaker"}


def in_english(line: str) -> str:
    """Return a line with its command in English; whom or what it is about stays as it is.

    Args:
        line: What was typed. A line that begins with no Chinese command comes back unchanged.
    """
    known = [word for word in _BEGINNINGS if line.startswith(word)]
    if not known:
        return line
    word = max(known, key=len)
    command, rest = _BEGINNINGS[word], line.removeprefix(word).strip()
    for meaning, endings in _ENDINGS.get(command, {}).items():
        for ending in endings:
            if rest.endswith(ending):
                return f"{command} {rest.removesuffix(ending).strip()} {meaning}".replace("  ", " ")
    if command == "device":
        for kind, meaning in _DEVICES.items():
            if rest.startswith(kind):
                return f"device {meaning} {rest.removeprefix(kind).strip()}"
    return f"{command} {rest}".strip()

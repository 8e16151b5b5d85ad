"""企业微信: who follows whom, in which groups, and how often they write; never what they write.

`shop_id` of the landing folder is the corp. Customers and staff share one namespace, for a group
lists both. Names, remarks, descriptions and phone numbers are in none of the columns.
"""

from orchestration.landing.schema import Column, Dataset

SUCCESS = ("errcode", ("0",))


def _person(name: str, meaning: str, example: str, **more) -> Column:
    more = {"scope": "wecom"} | more
    return Column(name, "id", meaning, example=example, personal=True, **more)


def _since_1970(name: str, meaning: str, api: str, **more) -> Column:
    return Column(
        name, "moment", meaning, "Beijing time", "2024-06-10 14:13:20", api=api,
        api_unit="epoch_s", **more,
    )  # fmt: skip


def _text(name: str, meaning: str, example: str, api: str, **more) -> Column:
    return Column(name, "text", meaning, example=example, api=api, **more)


def _count(name: str, meaning: str, *headers: str) -> Column:
    return Column(name, "number", meaning, "", "3", at_least=0, api=name, headers=headers)


# add_way 201 and 202 are hand-overs from one member of staff to another, not first contacts
_ADD_WAY = "how: 1 code scanned, 3 card, 4 group, 201 and 202 handed over, …"

# batch/get_by_user and exports say one pair of customer and staff a record, in staff_userid and
# the columns after it; externalcontact/get says one customer, with who follows as lines
CONTACTS = Dataset(
    "contacts",
    "one customer followed by one member of staff",
    (
        _person(
            "external_userid",
            "the customer, as this corp knows them",
            "wmDEMO0001",
            required=True,
            api="external_contact.external_userid",
            headers=("外部联系人id", "客户id"),
        ),
        _person(
            "unionid",
            "the customer within the brand's WeChat open-platform account",
            "ozDEMO_union_01",
            scope="unionid",
            api="external_contact.unionid",
        ),
        _person(
            "staff_userid",
            "the member of staff of the pair",
            "guide_07",
            api="follow_info.userid",
            headers=("添加人账号", "员工id"),
        ),
        _since_1970(
            "added_at",
            "when this member of staff came to know the customer",
            "follow_info.createtime",
            headers=("添加时间",),
        ),
        _text("add_way", _ADD_WAY, "1", "follow_info.add_way", headers=("添加方式",)),
        _text("state", "channel of the scanned code", "card_618", "follow_info.state"),
        Column("tag_ids", "list", "tags of the corp", api="follow_info.tag_id"),
        _person("follower_userid", "a member of staff", "guide_07", api="userid", level="line"),
        _since_1970("follower_added_at", "since when", "createtime", level="line"),
        _text("follower_add_way", _ADD_WAY, "1", "add_way", level="line"),
        _text("follower_state", "channel of the scanned code", "card_618", "state", level="line"),
        Column(
            "follower_tags",
            "list",
            "tags with their type, 1 of the corp and 2 personal",
            api="tags",
            level="line",
            fields=("tag_id", "type"),
        ),
    ),
    ("external_userid", "staff_userid"),
    envelopes=("external_contact_list", ""),
    lines="follow_user",
    version="",
    success=SUCCESS,
)

GROUPS = Dataset(
    "groups",
    "one member of one group chat; who left is no longer listed",
    (
        Column("chat_id", "id", "the group", example="wrDEMO01", required=True, api="chat_id"),
        _person("owner", "the member of staff it belongs to", "guide_07", api="owner"),
        _since_1970("created_at", "group opened", "create_time"),
        _person("member_userid", "customer or staff", "wmDEMO0001", api="userid", level="line"),
        Column("member_type", "text", "1 staff, 2 customer", example="2", api="type", level="line"),
        _person(
            "unionid",
            "the customer within the brand's WeChat open-platform account",
            "ozDEMO_union_01",
            scope="unionid",
            api="unionid",
            level="line",
        ),
        _since_1970("joined_at", "last joined", "join_time", level="line"),
        _text("join_scene", "1 added, 2 by link, 3 code scanned", "3", "join_scene", level="line"),
    ),
    ("chat_id",),
    envelopes=("group_chat",),
    lines="member_list",
    version="",
    success=SUCCESS,
)

# get_user_behavior_data adds up the staff it is asked for: ask for one at a time, and write the
# userid asked for into each record
INTERACTIONS = Dataset(
    "interactions",
    "messages of one day between a member of staff and one customer, or all of theirs",
    (
        _person(
            "external_userid",
            "the customer; none on a member of staff's total",
            "wmDEMO0001",
            api="external_userid",
            headers=("外部联系人id", "客户id"),
        ),
        _person(
            "staff_userid",
            "the member of staff",
            "guide_07",
            api="userid",
            headers=("userid", "staff", "员工账号", "员工id"),
        ),
        Column(
            "ds",
            "day",
            "the day",
            "date",
            "2025-11-11",
            required=True,
            api="stat_time",
            api_unit="epoch_s",
            headers=("date", "日期", "统计日期"),
        ),
        _count("chat_cnt", "conversations", "chats", "聊天总数", "单聊总数"),
        _count("message_cnt", "messages sent", "messages", "发送消息数", "消息数"),
        _count("new_contact_cnt", "customers won", "新增客户数"),
        _count("negative_feedback_cnt", "customers lost", "删除/拉黑成员的客户数"),
        _count("reply_percentage", "share of conversations answered, in hundredths"),
        _count("avg_reply_time", "minutes to the first answer"),
        Column(
            "last_chat_at",
            "moment",
            "last message",
            "Beijing time",
            "2025-11-11 21:04:00",
            headers=("最后聊天时间", "最近聊天时间"),
        ),
    ),
    ("external_userid", "staff_userid", "ds"),
    envelopes=("behavior_data",),
    version="",
    success=SUCCESS,
)

TAGS = Dataset(
    "tags",
    "one tag of the corp, as get_corp_tag_list answers",
    (
        Column(
            "group_id", "id", "the group of tags", example="et01", required=True, api="group_id"
        ),
        Column("group_name", "text", "its name", example="宝宝阶段", api="group_name"),
        Column("tag_id", "id", "the tag", example="et0101", required=True, api="id", level="line"),
        Column("tag_name", "text", "its name", example="6-12M", api="name", level="line"),
    ),
    ("group_id",),
    envelopes=("tag_group",),
    line_key="tag_id",
    lines="tag",
    version="",
    success=SUCCESS,
)

DATASETS = (CONTACTS, GROUPS, INTERACTIONS, TAGS)

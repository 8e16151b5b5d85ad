"""A brand's CRM: members, their babies and what they agreed to, from an export.

`shop_id` of the landing folder names the CRM. Names, phone numbers and addresses are in none of
the columns; a hashed phone number becomes a pseudonym like any other id.
"""

from orchestration.landing.schema import Column, Dataset


def _person(name: str, meaning: str, example: str, scope: str, *headers: str, **more) -> Column:
    return Column(
        name, "id", meaning, example=example, personal=True, scope=scope, headers=headers, **more
    )


MEMBERS = Dataset(
    "members",
    "one baby, born or expected, of one member; a member without one has one row",
    (
        _person("member_id", "the member", "M0001", "member", "会员id", "会员编号", required=True),
        _person("unionid", "the member at WeChat", "ozDEMO_union_01", "unionid"),
        _person("tb_ouid", "the member's bound Taobao buyer", "AAHdemo", "taobao", "ouid"),
        _person("phone_hash", "the member's hashed phone number", "9f2c…", "phone"),
        Column("level", "text", "member level", example="V2", headers=("会员等级", "等级")),
        Column(
            "joined_at",
            "moment",
            "became a member",
            "Beijing time",
            "2024-05-06 10:00:00",
            headers=("入会时间", "注册时间"),
        ),
        Column(
            "baby_no",
            "number",
            "which of the member's babies",
            example="1",
            at_least=0,
            level="line",
        ),
        Column(
            "baby_birthday",
            "text",
            "born on, a day or a month, as people typed it",
            example="2024-03-18",
            headers=("宝宝生日", "宝宝出生日期"),
            level="line",
        ),
        Column(
            "due_date",
            "text",
            "expected on, a day or a month, as people typed it",
            example="2026-12-20",
            headers=("预产期",),
            level="line",
        ),
        Column("source", "text", "where the member came from", example="form", headers=("来源",)),
        Column(
            "consent_marketing",
            "flag",
            "agreed to be written to",
            example="true",
            headers=("营销授权", "同意营销"),
        ),
        Column(
            "updated_at",
            "moment",
            "when the CRM last changed this member; decides which version is the latest",
            "Beijing time",
            "2026-06-28 23:10:00",
            headers=("更新时间", "修改时间"),
        ),
    ),
    ("member_id",),
)

DATASETS = (MEMBERS,)

"""How 企业微信 and an SCRM tool tell the sandbox's contacts, groups, talks and tags."""

from orchestration.sandbox.dialects import Extract

CORP = "ww5a17e0c1b2d3f4a5"
_PULLS = """
    select *, cast(last_day + 1 as timestamp) as bucket_end,
        cast(if(bucket_no = 0, date '1970-01-01', first_day) as timestamp) as bucket_start
    from buckets
"""


def _seconds(moment: str) -> str:
    """A Beijing moment in seconds of the epoch."""
    return f"cast(epoch({moment}) as bigint) - 8 * 3600"


_CONTACTS = f"""
    select '{CORP}' as shop_id, bucket_no, external_userid || '@' || staff_id as record_key,
        added_at as modified_at,
        cast(json_object(
            'external_contact', json_object(
                'external_userid', external_userid, 'name', name, 'type', 1, 'gender', 2,
                'unionid', union_id, 'avatar', 'https://wx.example/PII-' || contact_no
            ),
            'follow_info', json_object(
                'userid', staff_id, 'remark', remark, 'description', 'PII-' || coalesce(name, ''),
                'createtime', {_seconds("added_at")},
                'tag_id', if(coalesce(tag_ids, '') = '', to_json([]::varchar[]),
                    to_json(string_split(tag_ids, ','))),
                'remark_mobiles', ['1990000' || lpad(cast(contact_no % 10000 as varchar), 4, '0')],
                'add_way', add_way, 'state', coalesce(state, '')
            )
        ) as varchar) as record
    from contacts
    join ({_PULLS}) on added_at >= bucket_start and added_at < bucket_end
"""

# a group is told again whenever somebody joins or leaves: with those who are in it then
_GROUPS = f"""
    select '{CORP}' as shop_id, bucket_no, chat_id as record_key, modified_at,
        cast(json_object(
            'chat_id', chat_id, 'name', any_value(name), 'owner', owner,
            'create_time', {_seconds("created_at")},
            'member_list', to_json(list_prepend(
                json_object(
                    'userid', owner, 'type', 1, 'join_time', {_seconds("created_at")},
                    'join_scene', 1
                ),
                coalesce(list(json_object(
                    'userid', m.external_userid, 'type', 2, 'unionid', coalesce(m.union_id, ''),
                    'join_time', {_seconds("m.joined_at")}, 'join_scene', m.join_scene,
                    'group_nickname', 'PII-群昵称' || right(m.external_userid, 4)
                ) order by m.joined_at, m.external_userid) filter (
                    where m.joined_at < bucket_end and coalesce(m.left_at >= bucket_end, true)
                ), [])
            ))
        ) as varchar) as record
    from (
        select group_no, bucket_no, bucket_end, max(happened_at) as modified_at
        from (
            select group_no, created_at as happened_at from groups
            union all select group_no, unnest([joined_at, left_at]) from group_members
        )
        join ({_PULLS}) on happened_at >= bucket_start and happened_at < bucket_end
        group by all
    )
    join groups using (group_no)
    left join group_members m using (group_no)
    group by chat_id, owner, created_at, bucket_no, bucket_end, modified_at
"""

_INTERACTIONS = f"""
    select '{CORP}' as shop_id, bucket_no,
        concat_ws('@', external_userid, staff_id, ds) as record_key,
        cast(ds as timestamp) + interval 1435 minute as modified_at,
        concat_ws(',', external_userid, staff_id, ds, chats, messages,
            strftime(cast(ds as timestamp) + interval 20 hour
                + hash(external_userid, ds) % 10800 * interval 1 second, '%Y-%m-%d %H:%M:%S')
        ) as record
    from interactions
    join buckets on ds between first_day and last_day
"""

# ids as the contacts have them, in one group of tags
_TAGS = f"""
    select '{CORP}' as shop_id, 0 as bucket_no, 'etDEMO' as record_key,
        cast(first_day as timestamp) as modified_at,
        cast(json_object(
            'group_id', 'etDEMO', 'group_name', '客户标签',
            'create_time', {_seconds("first_day")},
            'tag', to_json(list(json_object('id', tag, 'name', regexp_replace(tag, '^et', ''))
                order by tag))
        ) as varchar) as record
    from (
        select distinct unnest(string_split(tag_ids, ',')) as tag
        from contacts where coalesce(tag_ids, '') <> ''
    ), (select first_day from buckets where bucket_no = 0)
    group by first_day
"""

EXTRACTS = (
    Extract(
        "wecom",
        "contacts",
        _CONTACTS,
        ('{"errcode":0,"errmsg":"ok","external_contact_list":[', '],"next_cursor":""}'),
    ),
    Extract("wecom", "groups", _GROUPS, ('{"errcode":0,"group_chat":', "}"), page_size=1),
    Extract(
        "wecom",
        "interactions",
        _INTERACTIONS,
        header="external_userid,userid,date,chat_cnt,message_cnt,last_chat_at",
        extension="csv.gz",
    ),
    Extract("wecom", "tags", _TAGS, ('{"errcode":0,"errmsg":"ok","tag_group":[', "]}")),
)

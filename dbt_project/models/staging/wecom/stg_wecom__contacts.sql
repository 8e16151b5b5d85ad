-- Two calls tell of the same pairs: one customer with all who follow, or one pair at a time.
with customers as (
    {{ current_rows('wecom', 'contacts', ['platform', 'shop_id', 'external_userid', 'staff_userid']) }}
),

pairs as (
    select
        * replace (
            coalesce(staff_userid, follower_userid) as staff_userid,
            coalesce(added_at, follower_added_at) as added_at,
            coalesce(add_way, follower_add_way) as add_way,
            coalesce(state, follower_state) as state
        ),
        -- personal tags are one person's notes and stay out; get lists tags of both kinds
        coalesce(
            tag_ids,
            cast(to_json(list_transform(
                list_filter(
                    from_json(follower_tags, '[{"tag_id": "VARCHAR", "type": "VARCHAR"}]'),
                    lambda t: t.tag_id is not null and coalesce(t.type, '1') = '1'
                ),
                lambda t: t.tag_id
            )) as varchar)
        ) as tags
    from customers
),

newest as (
    select * from pairs
    where staff_userid is not null
    qualify row_number() over (
        partition by platform, shop_id, external_userid, staff_userid
        order by source_version desc, row_hash desc
    ) = 1
)

select
    external_userid as contact_key,
    max(unionid) over (partition by platform, shop_id, external_userid) as union_key,
    staff_userid as staff_key,
    platform,
    shop_id,
    added_at,
    -- whoever the customer now talks to: the first day with any of them
    min(added_at) over (partition by platform, shop_id, external_userid) as first_added_at,
    add_way,
    state,
    nullif(tags, '[]') as tag_ids,
    coalesce(add_way in ('201', '202'), false) as is_handover,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from newest

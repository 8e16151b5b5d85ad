-- Who left a group is no longer listed, so a membership ends with the first landing without it.
with landings as (
    select distinct platform, shop_id, chat_id, landed_on
    from {{ source('wecom', 'groups') }}
    where landed_on <= {{ as_of() }}
),

newest_of_day as (
    select lake.*
    from {{ source('wecom', 'groups') }} as lake
    where lake.landed_on <= {{ as_of() }}
    qualify dense_rank() over (
        partition by platform, shop_id, chat_id, landed_on order by row_hash desc
    ) = 1
),

seen as (
    select
        platform,
        shop_id,
        chat_id,
        member_userid,
        any_value(owner) as owner,
        max(unionid) as unionid,
        any_value(member_type) as member_type,
        min(created_at) as created_at,
        min(joined_at) as joined_at,
        max(landed_on) as last_seen_on,
        max_by(join_scene, landed_on) as join_scene,
        max(load_no) as load_no,
        max(source_version) as source_version,
        max_by(row_hash, landed_on) as row_hash,
        max(landed_on) as landed_on,
        max_by(source_file, landed_on) as source_file
    from newest_of_day
    where member_userid is not null
    group by all
)

select
    seen.chat_id,
    seen.member_userid as contact_key,
    seen.unionid as union_key,
    seen.owner as staff_key,
    seen.platform,
    seen.shop_id,
    coalesce(seen.member_type = '1', false) as is_staff,
    seen.created_at,
    seen.joined_at,
    seen.join_scene,
    min(landings.landed_on) as left_on,
    seen.load_no,
    seen.source_version,
    seen.row_hash,
    seen.landed_on,
    seen.source_file
from seen
left join landings
    on seen.platform = landings.platform
        and seen.shop_id = landings.shop_id
        and seen.chat_id = landings.chat_id
        and landings.landed_on > seen.last_seen_on
group by all

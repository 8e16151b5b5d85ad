-- A session keeps its own start and end: many go past midnight, and orders belong to it by room and
-- payment, not by its day.
with landed as (
    {{ current_rows('douyin', 'live_session', ['platform', 'shop_id', 'session_id', 'started_at']) }}
),

timed as (
    select
        *,
        case
            when regexp_full_match(duration, '\d+:\d{2}:\d{2}') then
                60 * 60 * cast(split_part(duration, ':', 1) as bigint)
                + 60 * cast(split_part(duration, ':', 2) as bigint)
                + cast(split_part(duration, ':', 3) as bigint)
            when regexp_matches(duration, '小时|分|秒') then
                60 * 60 * coalesce(try_cast(regexp_extract(duration, '(\d+)小?时', 1) as bigint), 0)
                + 60 * coalesce(try_cast(regexp_extract(duration, '(\d+)分', 1) as bigint), 0)
                + coalesce(try_cast(regexp_extract(duration, '(\d+)秒', 1) as bigint), 0)
        end as duration_seconds
    from landed
)

select
    concat_ws(
        ':', platform, shop_id, session_id,
        strftime(timezone('Asia/Shanghai', started_at), '%Y%m%d%H%M%S')
    ) as session_id,
    platform,
    shop_id,
    session_id as room_id,
    author_id as kol_id,
    started_at,
    coalesce(ended_at, started_at + to_seconds(duration_seconds)) as ended_at,
    visitors,
    views,
    coalesce(impressions, impression_people) as impressions,
    paid_orders,
    paid_amount,
    clicks,
    new_followers,
    spend_amount,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from timed
where {{ beijing_date('started_at') }} <= {{ as_of() }}

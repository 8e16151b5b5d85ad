-- Notes count to date: what a day brought is the difference of two snapshots. The export has no note
-- id, there a note is its title and its moment of publication.
{%- set counters = ['impressions', 'reads', 'likes', 'comments', 'favourites', 'shares',
    'new_followers'] %}
with landed as (
    select
        * replace (coalesce(ds, landed_on) as ds),
        concat_ws(
            ':', platform, shop_id, coalesce(note_id, md5(concat_ws('|', title, published)))
        ) as note_key,
        timezone('Asia/Shanghai', try_strptime(published, [
            '%Y年%m月%d日%H时%M分%S秒', '%Y-%m-%d %H:%M:%S', '%Y/%m/%d %H:%M:%S', '%Y-%m-%d',
            '%Y年%m月%d日'
        ])) as published_at
    from {{ source('xiaohongshu', 'note_daily') }}
    where landed_on <= {{ as_of() }}
),

snapshots as (
    select *
    from landed
    where ds <= {{ as_of() }}
    {{ latest_version(['note_key', 'ds']) }}
)

select
    platform,
    shop_id,
    note_key,
    note_id,
    kol_id,
    published_at,
    ds,
    {%- for counter in counters %}
    {{ counter }},
    {%- endfor %}
    -- the first snapshot of a note tells of one day only if the note appeared on that day
    {%- for counter in counters %}
    {{ counter }} - coalesce(
        lag({{ counter }}) over a_note,
        if({{ beijing_date('published_at') }} = ds and row_number() over a_note = 1, 0, null)
    ) as {{ counter }}_delta,
    {%- endfor %}
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from snapshots
window a_note as (partition by note_key order by ds)

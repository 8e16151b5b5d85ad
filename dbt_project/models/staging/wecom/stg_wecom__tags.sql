with current_tags as (
    {{ current_rows('wecom', 'tags', ['platform', 'shop_id', 'group_id']) }}
)

select
    tag_id,
    tag_name,
    group_id,
    group_name,
    platform,
    shop_id,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_tags

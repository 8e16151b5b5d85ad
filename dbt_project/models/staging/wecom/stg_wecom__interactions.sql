-- A day is told again as it fills up; what landed last counts.
with current_days as (
    {{ current_rows('wecom', 'interactions', ['platform', 'shop_id', 'external_userid', 'staff_userid', 'ds']) }}
)

select
    external_userid as contact_key,
    staff_userid as staff_key,
    platform,
    shop_id,
    ds,
    chat_cnt as chats,
    message_cnt as messages,
    last_chat_at,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from current_days
where ds <= {{ as_of() }}
